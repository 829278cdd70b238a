# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's package index: stanzas, dependencies, the closed set of some packages, their files."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

# Left out with what only they need: dpkg's machinery, what our own mini-* packages do, documentation,
# and large things that nothing here runs.
DROP = frozenset("""
adduser base-files base-passwd cdebconf cpp-doc dash debconf debconf-2.0 debianutils dpkg dpkg-dev
e2fsprogs gcc-doc git-man init-system-helpers install-info libdebuginfod1 liberror-perl libnsl-dev
libpam-runtime logsave lsb-base mailcap media-types mime-support perl readline-common sensible-utils
sysvinit-utils ucf usr-is-merged usrmerge
""".split())

DEP = re.compile(r'\s*([a-z0-9][a-z0-9+.-]*)(?::\w+)?\s*(?:\(\s*(<<|<=|=|>=|>>)\s*([^)\s]+)\s*\))?')


def parse_dep(text):
    """'a (>= 1) | b, c' -> [[('a', '>=', '1'), ('b', None, None)], [('c', None, None)]]"""
    groups = []
    for clause in (text or '').split(','):
        group = [m.groups() for m in map(DEP.match, clause.split('|')) if m]
        if group:
            groups.append(group)
    return groups


def newer(a, b):
    return subprocess.call(['dpkg', '--compare-versions', a, 'gt', b]) == 0


class Index:
    """What apt knows. Lists of our own are fetched below `cache` when the machine has none."""

    def __init__(self, cache):
        self.options = ['-q', '-o', 'APT::Sandbox::User=root']
        self.read()
        if 'libc6' not in self.texts:
            self.fetch(cache)

    def fetch(self, cache):
        """Newer lists than the machine's, below cache; the machine's stay as they are."""
        private = os.path.join(cache, 'apt')
        os.makedirs(os.path.join(private, 'lists/partial'), exist_ok=True)
        os.makedirs(os.path.join(private, 'cache/archives/partial'), exist_ok=True)
        self.options += ['-o', f'Dir::State::Lists={private}/lists', '-o', f'Dir::Cache={private}/cache']
        subprocess.run(['apt-get', *self.options, '-o', 'Acquire::Retries=3', 'update'], check=True,
                       stdout=sys.stderr)
        self.read()

    def read(self):
        text = subprocess.run(['apt-cache', *self.options, 'dumpavail'], stdout=subprocess.PIPE,
                              text=True, check=True).stdout
        self.texts, self.known, self.providers = {}, {}, {}
        for stanza in text.split('\n\n'):
            arch = re.search(r'^Architecture: (.*)', stanza, re.M)
            if not arch or arch[1] not in ('amd64', 'all'):
                continue
            name = re.search(r'^Package: (.*)', stanza, re.M)[1]
            self.texts.setdefault(name, []).append(stanza)
            provides = re.search(r'^Provides: (.*)', stanza, re.M)
            for group in parse_dep(provides and provides[1]):
                self.providers.setdefault(group[0][0], []).append(name)

    def get(self, name):
        """The newest stanza of a package as a dict, or None."""
        if name not in self.known:
            best = None
            for text in self.texts.get(name, []):
                stanza = dict(re.findall(r'^([\w-]+): ?(.*)', text, re.M))
                if best is None or newer(stanza['Version'], best['Version']):
                    best = stanza
            self.known[name] = best
        return self.known[name]

    def choose(self, group, chosen):
        """The package to add for a dependency; None: it is met, or not wanted."""
        if any(name in chosen or name in DROP for name, _, _ in group):
            return None
        for name, _, _ in group:
            if name in self.texts:
                return name
            providers = self.providers.get(name, [])
            if any(p in chosen or p in DROP for p in providers):
                return None
            if providers:
                return min(providers)
        raise SystemExit(f'distro: nothing provides {group}')

    def closure(self, seeds):
        chosen, todo = set(seeds), list(seeds)
        while todo:
            stanza = self.get(todo.pop(0))
            if stanza is None:
                raise SystemExit('distro: the package index lacks one of: ' + ' '.join(sorted(seeds)))
            for field in ('Pre-Depends', 'Depends'):
                for group in parse_dep(stanza.get(field)):
                    name = self.choose(group, chosen)
                    if name:
                        chosen.add(name)
                        todo.append(name)
        return {name: self.get(name) for name in sorted(chosen)}

    def download(self, packages, folder):
        """Have all of them in the folder, checked by apt; returns {name: path}."""
        os.makedirs(folder, exist_ok=True)
        paths, missing = {}, []
        for name, s in packages.items():
            file = f"{name}_{s['Version'].replace(':', '%3a')}_{s['Architecture']}.deb"
            paths[name] = os.path.join(folder, file)
            if not os.path.exists(paths[name]):
                missing.append(f"{name}={s['Version']}")
        if missing:
            with tempfile.TemporaryDirectory(dir=folder) as tmp:
                subprocess.run(['apt-get', *self.options, '-o', 'Acquire::Retries=3', 'download',
                                *missing], cwd=tmp, check=True, stdout=subprocess.DEVNULL)
                for file in os.listdir(tmp):
                    shutil.move(os.path.join(tmp, file), os.path.join(folder, file))
        return paths
