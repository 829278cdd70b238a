#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The bash completion that the program makes from its tables, as bash runs it.
. "$(dirname "$0")/../lib/tap.sh"
cd "$T" || exit 1
mkdir dir && touch file.yaml

ok 'made' "$PACKMILL" generate completion
cp out packmill.bash
ok 'is bash' bash -n packmill.bash
has 'has its licence' packmill.bash '^# SPDX-License-Identifier: '

# complete_words WORD...: what completes the last word
complete_words()
{
	# shellcheck disable=SC2016 # expanded by the inner shell
	bash --norc -c '
		. ./packmill.bash
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_packmill
		printf "%s\n" "${COMPREPLY[@]}" | LC_ALL=C sort' bash "$@"
}

is 'a command' "$(complete_words packmill hel)" help
is 'all commands, no hidden one' "$(complete_words packmill '')" \
	"$("$PACKMILL" help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p' | LC_ALL=C sort)"
is 'a command after options' "$(complete_words packmill -q --config x hel)" help
is 'an option' "$(complete_words packmill help --js)" --json
is 'an option before the command' "$(complete_words packmill --js)" --json
is 'a file' "$(complete_words packmill --config f)" file.yaml
is 'a directory' "$(complete_words packmill help -C '')" dir
is 'a command to explain' "$(complete_words packmill help hel)" help
done_testing
