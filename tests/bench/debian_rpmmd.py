#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's package index (apt-cache dumpavail, on stdin) as rpm-md primary and filelists metadata.

usage: debian_rpmmd.py DIR [COUNT]
Writes DIR/primary.xml.gz, DIR/filelists.xml.gz and DIR/repodata/ with a repomd.xml. Names,
versions, dependencies and alternatives (as rich dependencies) are Debian's; paths are made up.
"""
import gzip
import hashlib
import os
import re
import sys
from xml.sax.saxutils import escape, quoteattr

# without a release, rpm takes any release of that version for equal: no strict order then
OPS = {">=": "GE", "<=": "LE", "=": "EQ", ">>": "GE", "<<": "LE"}
RPM = {">=": ">=", "<=": "<=", "=": "=", ">>": ">=", "<<": "<="}
DEP = re.compile(r"^([^\s(:]+)(?::\w+)?\s*(?:\((<<|<=|=|>=|>>)\s*([^)]+)\))?")


def evr(version):
    epoch, _, rest = version.rpartition(":")
    ver, dash, rel = rest.rpartition("-")
    if not dash:
        ver, rel = rest, "1"
    clean = re.compile(r"[^A-Za-z0-9.+~^_]")
    return epoch or "0", clean.sub("_", ver), clean.sub("_", rel)


def one(text):
    m = DEP.match(text.strip())
    return m.groups() if m else None


def entry(name, op=None, version=None):
    if not op:
        return f"<rpm:entry name={quoteattr(name)}/>"
    epoch, ver, rel = evr(version)
    has_rel = "" if "-" not in version else f' rel="{rel}"'
    return f'<rpm:entry name={quoteattr(name)} flags="{OPS[op]}" epoch="{epoch}" ver="{ver}"{has_rel}/>'


def rich(alternatives):
    parts = []
    for name, op, version in alternatives:
        if op:
            epoch, ver, rel = evr(version)
            evr_text = (epoch + ":" if epoch != "0" else "") + ver + ("-" + rel if "-" in version else "")
            parts.append(f"{name} {RPM[op]} {evr_text}")
        else:
            parts.append(name)
    return entry("(" + " or ".join(parts) + ")")


def deps(field):
    out = []
    for part in field.split(","):
        alternatives = [a for a in (one(x) for x in part.split("|")) if a]
        if len(alternatives) == 1:
            out.append(entry(*alternatives[0]))
        elif alternatives:
            out.append(rich(alternatives))
    return out


def stanzas(stream):
    fields, last = {}, None
    for line in stream:
        line = line.rstrip("\n")
        if not line:
            if fields:
                yield fields
            fields, last = {}, None
        elif line[0] in " \t":
            if last:
                fields[last] += "\n" + line
        else:
            last, _, value = line.partition(":")
            fields[last] = value.strip()
    if fields:
        yield fields


def paths(name):
    listed = [f"/usr/bin/{name}", f"/etc/{name}.conf"]
    other = [f"/usr/share/doc/{name}/copyright", f"/usr/share/doc/{name}/changelog.gz"]
    other += [f"/usr/lib/{name}/part{i}.so" for i in range(20)]
    return listed, other


def package(f):
    name, arch = f["Package"], "noarch" if f.get("Architecture") == "all" else "x86_64"
    epoch, ver, rel = evr(f["Version"])
    digest = f.get("SHA256") or hashlib.sha256(f"{name} {f['Version']}".encode()).hexdigest()
    # deb's "one of us at a time" is rpm's conflict with oneself, and its unversioned provides fit no
    # versioned conflict: both left out
    own = {name} | {d[0] for d in map(one, f.get("Provides", "").split(",")) if d}
    against = [d for d in map(one, f.get("Conflicts", "").split(",")) if d and not d[1] and d[0] not in own]
    groups = {
        "provides": [f'<rpm:entry name={quoteattr(name)} flags="EQ" epoch="{epoch}" ver="{ver}" rel="{rel}"/>']
        + deps(f.get("Provides", "")),
        "requires": deps(", ".join(x for x in (f.get("Pre-Depends"), f.get("Depends")) if x)),
        "conflicts": [entry(*d) for d in against],
        "recommends": deps(f.get("Recommends", "")),
    }
    listed, other = paths(name)
    body = "".join(f"<rpm:{k}>{''.join(v)}</rpm:{k}>\n" for k, v in groups.items() if v)
    primary = f"""<package type="rpm"><name>{escape(name)}</name><arch>{arch}</arch>
<version epoch="{epoch}" ver="{ver}" rel="{rel}"/>
<checksum type="sha256" pkgid="YES">{digest}</checksum>
<summary>{escape(f.get("Description-en", f.get("Description", "")).split(chr(10))[0])}</summary>
<description>{escape(f.get("Description-en", f.get("Description", "")))}</description>
<packager/><url>{escape(f.get("Homepage", ""))}</url><time file="1" build="1"/>
<size package="{f.get("Size", 1)}" installed="{f.get("Installed-Size", 1)}" archive="1"/>
<location href={quoteattr("Packages/" + name + "-" + ver + "-" + rel + "." + arch + ".rpm")}/>
<format><rpm:license>any</rpm:license>
{body}{"".join(f"<file>{escape(p)}</file>" for p in listed)}
</format></package>
"""
    lists = f"""<package pkgid="{digest}" name={quoteattr(name)} arch="{arch}">
<version epoch="{epoch}" ver="{ver}" rel="{rel}"/>
{"".join(f"<file>{escape(p)}</file>{chr(10)}" for p in listed + other)}</package>
"""
    return primary, lists


def main():
    top, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1 << 30
    seen, primary, lists = set(), [], []
    for f in stanzas(sys.stdin):
        if len(primary) >= count or "Version" not in f or f["Package"] in seen:
            continue
        seen.add(f["Package"])
        p, l = package(f)
        primary.append(p)
        lists.append(l)
    os.makedirs(os.path.join(top, "repodata"), exist_ok=True)
    data = {
        "primary": '<metadata xmlns="http://linux.duke.edu/metadata/common" '
        f'xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="{len(primary)}">\n'
        + "".join(primary) + "</metadata>\n",
        "filelists": f'<filelists xmlns="http://linux.duke.edu/metadata/filelists" packages="{len(lists)}">\n'
        + "".join(lists) + "</filelists>\n",
    }
    repomd = '<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>\n'
    for kind, text in data.items():
        raw = ('<?xml version="1.0" encoding="UTF-8"?>\n' + text).encode()
        packed = gzip.compress(raw, 6)
        name = f"repodata/{kind}.xml.gz"
        with open(os.path.join(top, name), "wb") as out:
            out.write(packed)
        repomd += (
            f'<data type="{kind}"><checksum type="sha256">{hashlib.sha256(packed).hexdigest()}</checksum>'
            f'<open-checksum type="sha256">{hashlib.sha256(raw).hexdigest()}</open-checksum>'
            f'<location href="{name}"/><timestamp>1</timestamp><size>{len(packed)}</size>'
            f"<open-size>{len(raw)}</open-size></data>\n"
        )
    with open(os.path.join(top, "repodata/repomd.xml"), "w", encoding="utf-8") as out:
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n' + repomd + "</repomd>\n")
    print(len(primary))


main()
