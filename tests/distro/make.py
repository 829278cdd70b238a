# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the distribution, or its signed variant, in the cache; print its directory."""
import concurrent.futures
import fcntl
import fnmatch
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

import debs
import rpms

HERE = os.path.dirname(os.path.abspath(__file__))
SPECS = os.path.join(HERE, 'specs')
KEEP = 4  # made distributions that stay in the cache, signed ones count too
# The updated state: a higher release of these, with files more; without these; news.spec is new, as
# it is in the grown state, which has no other difference.
HIGHER = {'make': {'/usr/share/make/news': 'new in the updated state\n'}, 'patch': {}, 'unzip': {}}
GONE = {'less'}
# When they are, in days by what their metadata says, and how that is compressed.
STATES = {'base': (0, 'gz'), 'grown': (1, 'gz'), 'updated': (2, 'gz'), 'extra': (0, 'xz')}
USER = 'Mini <mini@example.org>'


def run(*argv, **more):
    subprocess.run(argv, check=True, stdout=sys.stderr, **more)


def digest_of_scripts():
    h = hashlib.sha256()
    for folder in (HERE, SPECS):
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, 'rb') as f:
                    h.update(name.encode() + b'\0' + f.read() + b'\0')
    return h


def digest_of_lists(scripts):
    """Of the package index by its files' names, sizes and times: cheap to look at."""
    h = scripts.copy()
    lists = '/var/lib/apt/lists'
    for name in sorted(os.listdir(lists) if os.path.isdir(lists) else []):
        if 'Packages' in name:
            st = os.stat(os.path.join(lists, name))
            h.update(f'{name} {st.st_size} {st.st_mtime_ns}\n'.encode())
    return h.hexdigest()[:16]


def seeds():
    with open(os.path.join(HERE, 'packages'), encoding='utf-8') as f:
        return [word for line in f for word in line.split('#')[0].split()]


def directories():
    with open(os.path.join(SPECS, 'directories'), encoding='utf-8') as f:
        return {line.split()[1] for line in f} | {'/bin', '/sbin', '/lib', '/lib64', '/var/run', '/var/lock'}


def createrepo(folder):
    day, compression = STATES[os.path.basename(folder)]
    run('createrepo_c', '--quiet', '--no-database', '--revision', str(1700000000 + 86400 * day),
        '--set-timestamp-to-revision', '--general-compress-type', compression, folder)


def link_all(source, target, pattern='*', unless=()):
    os.makedirs(target, exist_ok=True)
    for name in fnmatch.filter(os.listdir(source), pattern):
        if name not in unless:
            os.link(os.path.join(source, name), os.path.join(target, name))


def make(packages, files, out, work):
    """All states and extra/ below out, of these stanzas and Debian packages."""
    available = set(packages)
    for stanza in packages.values():
        available |= {g[0][0] for g in debs.parse_dep(stanza.get('Provides'))}
    base, more, extra = (os.path.join(work, d) for d in ('base', 'more', 'extra'))
    common = (work, available, directories())
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(rpms.convert, files[n], s, base, *common)
                for n, s in sorted(packages.items(), key=lambda p: -int(p[1].get('Size', 0)))]
        jobs += [pool.submit(rpms.convert, files[n], packages[n], more, *common, '.1', files_more)
                 for n, files_more in HIGHER.items()]
        jobs += [pool.submit(rpms.build_spec, os.path.join(SPECS, spec), to, work)
                 for spec, to in (('mini.spec', base), ('news.spec', more), ('extra.spec', extra))]
        for job in jobs:
            job.result()
    old = {os.path.basename(rpms.only(f"{base}/{n}-{rpms.evr(packages[n]['Version'])[1]}-*.rpm"))
           for n in [*HIGHER, *GONE]}
    link_all(base, out + '/base')
    link_all(base, out + '/grown')
    link_all(more, out + '/grown', 'mini-news-*')
    link_all(base, out + '/updated', unless=old)
    link_all(more, out + '/updated')
    link_all(extra, out + '/extra')
    for state in STATES:
        createrepo(out + '/' + state)


def sign(unsigned, out, work):
    """A copy with packages and repomd.xml signed; the key is thrown away with work, key.asc stays."""
    home = os.path.join(work, 'gnupg')
    os.makedirs(home, 0o700)
    env = dict(os.environ, GNUPGHOME=home, HOME=work, LC_ALL='C.UTF-8', GPG_TTY='none')
    gpg = ('gpg', '--batch', '--quiet', '--no-tty', '--pinentry-mode', 'loopback', '--passphrase', '')
    try:
        run(*gpg, '--quick-generate-key', USER, 'rsa2048', 'sign', 'never', env=env)
        run(*gpg, '--armor', '--output', out + '/key.asc', '--export', USER, env=env)
        signed = os.path.join(work, 'signed')
        os.makedirs(signed)
        for state in STATES:
            for name in fnmatch.filter(os.listdir(os.path.join(unsigned, state)), '*.rpm'):
                if not os.path.exists(os.path.join(signed, name)):
                    shutil.copy2(os.path.join(unsigned, state, name), signed)
        names = sorted(os.path.join(signed, n) for n in os.listdir(signed))
        lanes = [names[i::os.cpu_count()] for i in range(os.cpu_count())]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda lane: subprocess.run(
                ['rpmsign', '--addsign', '--define', f'_gpg_name {USER}', '--define', '__gpg /usr/bin/gpg',
                 '--define', f'_dbpath {work}/db', *lane],
                check=True, stdout=subprocess.DEVNULL, env=env), lanes))
        for state in STATES:
            folder = os.path.join(out, state)
            os.makedirs(folder)
            for name in fnmatch.filter(os.listdir(os.path.join(unsigned, state)), '*.rpm'):
                os.link(os.path.join(signed, name), os.path.join(folder, name))
            createrepo(folder)
            run(*gpg, '--armor', '--detach-sign', folder + '/repodata/repomd.xml', env=env)
    finally:
        run('gpgconf', '--kill', 'all', env=env)


def made(cache, name, fill):
    """The directory of that name, filled when it is not there yet; only complete ones have it."""
    done = os.path.join(cache, name)
    if os.path.isdir(done):
        os.utime(done)
        return done
    with tempfile.TemporaryDirectory(prefix='.work-', dir=cache) as work:
        out = os.path.join(work, 'out')
        os.mkdir(out, 0o755)
        fill(out, work)
        os.rename(out, done)
    return done


def forget(cache, keep, debs_in_use):
    """Leave the last used of what was made, and nothing of runs that were cut off."""
    def used(path):
        return os.stat(path).st_mtime

    entries = [e.path for e in os.scandir(cache) if e.is_dir() and e.name not in ('apt', 'debs')]
    left = sorted((p for p in entries if not os.path.basename(p).startswith('.')), key=used)
    for path in left[:-KEEP] + [p for p in entries if os.path.basename(p).startswith('.')]:
        if path not in keep:
            shutil.rmtree(path, ignore_errors=True)
    for entry in os.scandir(cache):
        if entry.name.startswith('key-'):
            with open(entry.path, encoding='utf-8') as f:
                gone = not os.path.isdir(os.path.join(cache, f.read()))
            if gone:
                os.unlink(entry.path)
    for entry in os.scandir(os.path.join(cache, 'debs')) if debs_in_use else ():
        if entry.is_file() and entry.path not in debs_in_use:
            os.unlink(entry.path)


def inputs(index, scripts):
    """The stanzas of all packages, and the key of what is made of them."""
    packages = index.closure(seeds())
    h = scripts.copy()
    h.update(subprocess.run(['rpm', '--version'], stdout=subprocess.PIPE, check=True).stdout)
    for name, stanza in packages.items():
        h.update(f"{name} {stanza['Version']} {stanza['Architecture']}\n".encode())
    return packages, h.hexdigest()[:16]


def plain(cache):
    """The directory of the unsigned distribution, and the Debian packages if they were needed."""
    scripts = digest_of_scripts()
    note = os.path.join(cache, 'key-' + digest_of_lists(scripts))
    if os.path.exists(note):
        with open(note, encoding='utf-8') as f:
            done = os.path.join(cache, f.read())
        if os.path.isdir(done):
            os.utime(done)
            return done, ()
    index = debs.Index(cache)
    packages, key = inputs(index, scripts)
    files = {}
    if not os.path.isdir(os.path.join(cache, key)):
        try:
            files = index.download(packages, os.path.join(cache, 'debs'))
        except subprocess.CalledProcessError:
            # the machine's lists name what the mirror has replaced since
            index.fetch(cache)
            packages, key = inputs(index, scripts)
            files = index.download(packages, os.path.join(cache, 'debs'))
    done = made(cache, key, lambda out, work: make(packages, files, out, work))
    with open(note, 'w', encoding='utf-8') as f:
        f.write(key)
    return done, files.values()


def main():
    os.umask(0o022)
    cache = os.environ.get('PACKMILL_TEST_CACHE') or f'/var/tmp/packmill-test-distro-{os.getuid()}'
    os.makedirs(cache, exist_ok=True)
    if os.stat(cache).st_uid != os.getuid():
        raise rpms.Failed(f"{cache} is somebody else's")
    with open(os.path.join(cache, 'lock'), 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unsigned, used_debs = plain(cache)
        done = unsigned
        if '--signed' in sys.argv[1:]:
            done = made(cache, os.path.basename(unsigned) + '-signed',
                        lambda out, work: sign(unsigned, out, work))
        forget(cache, (unsigned, done), used_debs)
    print(done)


try:
    main()
except subprocess.CalledProcessError as e:
    sys.exit(f"distro: failed: {' '.join(e.cmd[:3])} ...")
except (rpms.Failed, OSError) as e:
    sys.exit(f'distro: {e}')
