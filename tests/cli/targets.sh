#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The target files that ship: all load, are found, named as their files, https only, with full
# fingerprints. They are not reached from here.
. "$(dirname "$0")/../lib/tap.sh"
cd "$T" || exit 1

names=$(cd "$SRC/targets" && printf '%s\n' *.yaml | sed 's/\.yaml$//')
is 'those that ship' "$names" 'centos-stream-10-x86_64
centos-stream-9-x86_64
fedora-44-x86_64
fedora-45-x86_64
fedora-rawhide-x86_64
opensuse-tumbleweed-x86_64'
ok 'target list' "$PACKMILL" target list --json
cp out list.json
cat >check.py <<'PY'
import json, platform, re, sys
name = sys.argv[1]
t = json.load(open("one.json"))
entry = [e for e in json.load(open("list.json"))["targets"] if e["name"] == name]
assert len(entry) == 1, entry
assert t["name"] == name and name.endswith("-" + t["arch"]) and t["format"] == "rpm", t
assert entry[0]["usable"] == (platform.machine() == t["arch"]), entry
assert "rpm-build" in t["packages"] and not t["weak"] and not t["modules"], t
assert not [p for p in t["packages"] if p.startswith("@")], t
assert t["dist"] == "" or re.fullmatch(r"\.(el|fc)\d+", t["dist"]), t
for r in t["repos"]:
    urls = r["urls"] + [u for u in (r["metalink"], r["mirrorlist"]) if u]
    assert len(urls) == 1 and urls[0].startswith("https://"), r
    assert r["class"] == "base" and r["gpgkeys"], r
    for key in r["gpgkeys"]:
        url, fingerprints = key.split("#")
        assert url.startswith("https://"), r
        for f in fingerprints.split(","):
            assert re.fullmatch(r"[0-9A-F]{40}|[0-9A-F]{64}", f), r
    assert r["repo_gpgcheck"] == name.startswith("opensuse"), r
PY
for name in $names; do
	ok "$name: right" "$PACKMILL" target check "$SRC/targets/$name.yaml"
	ok "$name: found by name" "$PACKMILL" target show "$name" --json
	cp out one.json
	ok "$name: sound" python3 check.py "$name"
done
done_testing
