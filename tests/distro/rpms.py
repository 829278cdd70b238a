# SPDX-License-Identifier: GPL-3.0-or-later
"""One Debian package into one rpm, and rpmbuild for the distribution's own specs."""
import glob
import os
import re
import shutil
import subprocess
import tarfile

from debs import DROP, parse_dep

# Names that specs for rpm distributions use.
PROVIDES = {
    'bash': ['/bin/sh', 'sh'],
    'debugedit': ['find-debuginfo'],
    'g++': ['gcc-c++'],
    'git': ['git-core'],
    'libc-bin': ['glibc-common'],
    'libc6': ['glibc', 'rtld(GNU_HASH)'],
    'libc6-dev': ['glibc-devel', 'glibc-headers'],
    'libgcc-s1': ['libgcc'],
    'passwd': ['shadow-utils'],
    'perl-base': ['perl', 'perl-interpreter'],
    'pkg-config': ['pkgconfig', 'pkgconf-pkg-config'],
    'python3': ['python(abi) = 3.11', 'python3-libs', 'python3-devel', 'python3-rpm-macros'],
    'rpm': ['rpm-build', 'rpm-build-libs'],
    'xz-utils': ['xz'],
    'zlib1g': ['zlib'],
    'zlib1g-dev': ['zlib-devel'],
}
# What maintainer scripts or update-alternatives would make.
LINKS = {
    'bash': {'/usr/bin/sh': 'bash'},
    'g++': {'/usr/bin/c++': 'g++'},
    'gawk': {'/usr/bin/awk': 'gawk'},
    'gcc': {'/usr/bin/cc': 'gcc'},
    'xz-utils': {'/usr/bin/unlzma': 'xz', '/usr/bin/lzma': 'xz'},
}
SCRIPTS = {
    'libc-bin': ['%post -p /sbin/ldconfig',
                 '%transfiletriggerin -P 2000000 -- /usr/lib /usr/lib64 /etc/ld.so.conf.d',
                 '/sbin/ldconfig',
                 '%transfiletriggerpostun -P 2000000 -- /usr/lib /usr/lib64 /etc/ld.so.conf.d',
                 '/sbin/ldconfig'],
}
MERGED = re.compile(r'/(s?bin|lib(?:32|64|x32)?)(/|$)')
SLIM = re.compile(r'''/(?:usr/share/(?:doc|man|locale|info|lintian|bug|doc-base|menu|gdb|reportbug|perl5
    |bash-completion|pixmaps|applications)|etc/(?:cron\.\w+|init\.d|logrotate\.d|pam\.d)
    |(?:usr/)?lib/systemd|usr/lib/python3\.11/(?:pydoc_data|test))(?:/|$)''', re.X)
DIST_INFO = re.compile(r'/usr/lib/python3[^/]*/dist-packages/([^/]+)-([^-/]+)\.(?:dist|egg)-info$')
ARGS = {
    '_build_id_links': 'none', '_build_name_fmt': '%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm',
    '_buildhost': 'mini', '__os_install_post': '%{nil}', '__spec_install_post': '%{nil}',
    '__check_files': '%{nil}', '__perl_provides': '%{nil}', '__perllib_provides': '%{nil}',
    '__python_provides': '%{nil}', '__pythondist_provides': '%{nil}', 'debug_package': '%{nil}',
    '__script_provides': '%{nil}', '__fontconfig_provides': '%{nil}', '_binary_payload': 'w1.zstdio',
    '_unpackaged_files_terminate_build': '0', 'source_date_epoch_from_changelog': '0',
    'use_source_date_epoch_as_buildtime': '1', 'vendor': 'mini',
    '_libdir': '/usr/lib/x86_64-linux-gnu',
}


class Failed(Exception):
    pass


def rpmbuild(spec, work, out, extra=(), target='x86_64'):
    """Build the binary packages of a spec into out, with nothing from the caller's home."""
    cmd = ['rpmbuild', '-bb', '--quiet', '--nodeps', '--target', target, *extra]
    for key, value in {**ARGS, '_topdir': work, '_rpmdir': out, '_dbpath': work + '/db'}.items():
        cmd += ['--define', f'{key} {value}']
    env = {'PATH': '/usr/bin:/usr/sbin:/bin:/sbin', 'HOME': work, 'LC_ALL': 'C.UTF-8',
           'SOURCE_DATE_EPOCH': '1700000000'}
    p = subprocess.run(cmd + [spec], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    if p.returncode:
        raise Failed(f'{spec}: rpmbuild failed\n{p.stdout[-2000:]}')


def merged(path):
    return '/usr' + path if MERGED.match(path) else path


def evr(version):
    """Debian's version as epoch, version, release; dpkg sorts '-' before '.', as rpm does '^'."""
    epoch, version = version.split(':', 1) if ':' in version else ('', version)
    version, release = version.rsplit('-', 1) if '-' in version else (version, '')
    return epoch.lstrip('0'), version.replace('-', '^'), release


def dep_text(dep):
    name, op, version = dep
    if not op:
        return name
    epoch, version, release = evr(version)
    # deb: 2.36-9 >> 2.36; rpm's > without a release looks at the version only
    op = {'<<': '<', '>>': '>' if release else '>='}.get(op, op)
    return f"{name} {op} {epoch + ':' if epoch else ''}{version}{'-' + release if release else ''}"


def link_target(path, target):
    """A symlink's text after the merge of /bin and others into /usr; None: onto itself."""
    absolute = merged(os.path.normpath(os.path.join(os.path.dirname(path), target)))
    place = merged(path)
    if absolute == place:
        return None
    if target.startswith('/') and place == path:
        return absolute
    return os.path.relpath(absolute, os.path.dirname(place))


class Unpacked:
    """A Debian package unpacked below root, with what its files are."""

    def __init__(self, deb, root):
        self.root, self.members, self.moved, links = root, {}, set(), []
        tar = subprocess.Popen(['dpkg-deb', '--fsys-tarfile', deb], stdout=subprocess.PIPE)
        with tarfile.open(fileobj=tar.stdout, mode='r|') as members:
            for member in members:
                path = '/' + member.name.removeprefix('./').strip('/')
                if path not in ('/', '/.') and not SLIM.match(path):
                    self.add(members, member, path, links)
        if tar.wait():
            raise Failed(f'{deb}: dpkg-deb failed')
        for source, path in links:
            os.link(root + source, root + path)
        text = subprocess.run(['dpkg-deb', '-I', deb, 'conffiles'], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True).stdout
        self.conf = {merged(line.strip()) for line in text.splitlines()}

    def add(self, members, member, path, links):
        place = merged(path)
        file = self.root + place
        os.makedirs(file if member.isdir() else os.path.dirname(file), exist_ok=True)
        if place != path and path.split('/')[1] in ('bin', 'sbin') and not member.isdir():
            self.moved.add(path)
        if not member.isdir() and os.path.lexists(file):
            return
        if member.issym():
            target = link_target(path, member.linkname)
            if target is None:
                return
            os.symlink(target, file)
        elif member.islnk():
            links.append((merged('/' + member.linkname.removeprefix('./').strip('/')), place))
        elif member.isfile():
            with open(file, 'wb') as f:
                shutil.copyfileobj(members.extractfile(member), f, 1 << 20)
            os.chmod(file, member.mode & 0o777 | 0o600)
            os.utime(file, (member.mtime, member.mtime))
        elif not member.isdir():
            return
        self.members[place] = member

    def put(self, path, text):
        """A file that Debian's package has not."""
        os.makedirs(os.path.dirname(self.root + path), exist_ok=True)
        with open(self.root + path, 'w', encoding='utf-8') as f:
            f.write(text)
        os.chmod(self.root + path, 0o644)
        self.members[path] = None

    def files(self, filesystem):
        """%files, without what mini-filesystem has."""
        lines = []
        for path, member in sorted(self.members.items()):
            if path in filesystem:
                continue
            marks = '%dir ' if member and member.isdir() else ''
            if path in self.conf:
                marks += '%config(noreplace) '
            if member and not member.issym():
                user, group = member.uname or 'root', member.gname or 'root'
                marks += f'%attr({member.mode & 0o7777:04o},{user},{group}) '
            # a backslash quotes nothing here, a class does
            glob_safe = re.sub(r'([][*?{}])', r'[\1]', path).replace('%', '%%')
            lines.append(f'{marks}"{glob_safe}"')
        return lines


def requires(stanza, available):
    def met(dep):
        return dep[0] in available and dep[0] not in DROP

    for field, tag in (('Pre-Depends', 'Requires(pre)'), ('Depends', 'Requires')):
        for group in parse_dep(stanza.get(field)):
            have = [dep_text(d) for d in group if met(d)]
            if not have or any(d[0] in DROP for d in group):
                continue
            yield f'{tag}: {have[0]}' if len(have) == 1 else f"Requires: ({' or '.join(have)})"
    for field in ('Conflicts', 'Breaks'):
        for group in parse_dep(stanza.get(field)):
            if group[0][0] != stanza['Package'] and met(group[0]):
                yield 'Conflicts: ' + dep_text(group[0])


def provides(stanza, tree):
    for group in parse_dep(stanza.get('Provides')):
        yield dep_text(group[0])
    for name in PROVIDES.get(stanza['Package'], []):
        yield name if re.search('[/(=]', name) else dep_text((name, '=', stanza['Version']))
    yield from sorted(tree.moved)
    # rpm's own generator for these is not on every machine
    for path in tree.members:
        m = DIST_INFO.match(path)
        if m:
            name = re.sub(r'[-_.]+', '-', m[1]).lower()
            yield from (f'{p}dist({name}) = {m[2]}' for p in ('python3', 'python3.11'))


def spec_text(stanza, tree, available, filesystem, suffix):
    name = stanza['Package']
    epoch, version, release = evr(stanza['Version'])
    summary = stanza.get('Description', name).replace('%', '%%')
    lines = [f'Name: {name}', f'Version: {version}', f"Release: {release or '0'}{suffix}",
             f'Summary: {summary}', 'License: Distributable', 'AutoReq: no',
             f"Group: {stanza.get('Section', 'misc')}", 'Requires(pre): mini-filesystem']
    if epoch:
        lines.append(f'Epoch: {epoch}')
    if stanza['Architecture'] == 'all':
        lines.append('BuildArch: noarch')
    lines += requires(stanza, available)
    lines += ['Provides: ' + p for p in provides(stanza, tree)]
    lines += ['%description', summary, *SCRIPTS.get(name, []), '%files', '%defattr(-,root,root,-)']
    return '\n'.join(lines + tree.files(filesystem)) + '\n'


def convert(deb, stanza, out, work, available, filesystem, suffix='', more=None):
    """Make the rpm of a Debian package in out; more: {path: text} of files to add."""
    name = stanza['Package']
    work = os.path.join(work, name + suffix)
    root = work + '/root'
    os.makedirs(root)
    tree = Unpacked(deb, root)
    for link, target in LINKS.get(name, {}).items():
        if not os.path.lexists(root + link):
            os.makedirs(os.path.dirname(root + link), exist_ok=True)
            os.symlink(target, root + link)
            tree.members[link] = None
    for path, text in (more or {}).items():
        tree.put(path, text)
    spec = f'{work}/{name}.spec'
    with open(spec, 'w', encoding='utf-8') as f:
        f.write(spec_text(stanza, tree, available, filesystem, suffix))
    rpmbuild(spec, work, out, ['--noclean', '--buildroot', root],
             'noarch' if stanza['Architecture'] == 'all' else 'x86_64')
    shutil.rmtree(work)


def build_spec(spec, out, work):
    """The packages of a spec of our own, which finds its files beside itself."""
    work = os.path.join(work, os.path.basename(spec))
    os.makedirs(work)
    rpmbuild(spec, work, out, ['--define', f'_sourcedir {os.path.dirname(spec)}'])
    shutil.rmtree(work)


def only(pattern):
    found = glob.glob(pattern)
    if len(found) != 1:
        raise Failed(f'{pattern}: {len(found)} files')
    return found[0]
