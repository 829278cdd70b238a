#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Repositories, packages and locks of strangers against the making of roots: what they may not do to
# other targets, to the cache, to this machine.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/distro.sh"
need rpm rpmbuild createrepo_c gpg python3
need_distro
serve_distro || { echo 'Bail out! no server'; exit 1; }
mkdir "$T/home" "$T/cache" "$T/distro/www/evil"
export HOME=$T/home XDG_CACHE_HOME=$T/cache
cd "$T" || exit 1
distro_target plain.yaml --name plain

# evil_target NAME [LINE...]: the distribution and, beside it, what is in evil/
evil_target()
{
	{
		sed "s/^name: .*/name: $1/" plain.yaml
		printf '%s\n' '  - id: evil' '    class: extra' '    priority: 150' "    url: $distro_url/evil/"
		shift
		[ $# = 0 ] || printf '    %s\n' "$@"
	}
}

# --- keys of one target, no keys of another: the same packages
gpg --homedir "$T/home" --batch --quiet --passphrase '' --quick-generate-key a@example.org rsa2048 sign 1y 2>"$T/gpg.log"
gpg --homedir "$T/home" --batch --armor --export a@example.org >key.asc
gpgconf --homedir "$T/home" --kill gpg-agent
sed "s/^name: .*/name: signed/; s|^    url: .*|&\\n    gpgkey: $T/key.asc|" plain.yaml >signed.yaml
exits 4 'unsigned packages where signatures are asked for' "$PACKMILL" root create -t ./signed.yaml
has 'are refused' err 'it is not signed'
ok 'a target without keys takes them' "$PACKMILL" root create -t ./plain.yaml
exits 4 'its root is none for the target with keys' "$PACKMILL" root create -t ./signed.yaml
has 'the packages are looked at' err 'it is not signed'

done_testing
