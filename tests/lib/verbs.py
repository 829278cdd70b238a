# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the table of tests/cli/verbs.sh: every command is given nonsense, and has to refuse it with one clear
line, the right exit status, nothing on standard output and nothing changed anywhere. Prints TAP."""
import concurrent.futures
import json
import os
import re
import signal
import stat
import subprocess
import sys

WORLD, TABLE = sys.argv[1], sys.argv[2]
PACKMILL = os.environ["PACKMILL"]
# a start with sanitizers takes long: three of nine cases there
SAMPLE = 3 if "asan" in PACKMILL else 1
INST = os.path.join(WORLD, "inst")
DOCUMENTED = {0, 1, 2, 3, 4, 5, 6, 7, 11}
LONG = b"a" * 5000
ESCAPES = b"\x1b[31mred\x1b]0;title\x07\xc2\x9b1m"
NUMBERS = [b"x", b"-1", b"1.5", b"1e3", b"0x10", b"18446744073709551616", b"9" * 5000, b" 1", b"1 ", b"1\n",
           b"+1", b"\xd9\xa1", ESCAPES, b"\xff\xfe"]
NAMES = [b"nosuch", b"a/b", b"../x", b"/", b"two\nlines", b"\r\n.\r\n", ESCAPES, b"\xff\xfe", LONG, b"%s%n%d",
         b"'; drop table build; --", b"*", b"\xe2\x80\xaereversed", b"nul\x7f"]
# what each kind of operand or value is spoiled with, and the statuses allowed
KINDS = {
    # a build, by number: 0 and 2^63 are numbers of no build
    "BUILD": (NUMBERS + [b"0", b"-0", b"9223372036854775807", b"9223372036854775808", b"4711", b"#", b"#x", b"../1"],
              {2}),
    "NUMBER": (NUMBERS, {2}),
    "INTEGER": ([n for n in NUMBERS if n != b"-1"] + [b"9223372036854775808", b"-9223372036854775809"], {2}),
    "SIZE": ([b"x", b"-1", b"5 parsecs", b"1X", b"99999999999999999999G", b"18446744073709551615T", b"9" * 5000,
              ESCAPES, b"\n"], {2}),
    "TIME": ([b"x", b"-1", b"5 parsecs", b"1x", b"18446744073709551615w", b"9" * 5000, ESCAPES, b"\n"], {2}),
    "PROJECT": (NAMES, {2}),
    # with a slash it is a file, whose errors are those of a configuration
    "TARGET": (NAMES, {2, 3}),
    "WORD": (NAMES, {2}),
    "COMMIT": (NAMES + [b"0", b"4711", b"-", b"HEAD^{tree}", b"@{upstream}", b"main..main", b":/one"], {2}),
    "KEY": (NAMES, {2}),
    "PACKAGE": (NAMES + [b"(a and", b"a >= "], {2, 3, 4}),
    "ADDRESS": (NAMES + [b"a@b\r\nBcc: c@d", b"@", b"a@", b"a@b c@d"], {2}),
    # files that are none, and things that are no such file
    "FILE": (NAMES + [b"@dir", b"@fifo", b"@binary", b"@empty", b"@secret", b"@tool/x", b"@loop"], {2, 3, 4, 5, 6}),
    # not spoiled: a place that does not have to be there, what no person gives
    "NONE": ([], set()),
    # anything goes: it is a command or a text, looked at with --dry-run
    "ANY": (NAMES, {0, 2, 3, 4, 5, 6}),
}
# options' arguments as `packmill help` names them
OPTIONS = {
    "N": "NUMBER", "SIZE": "SIZE", "TIME": "TIME", "AGE": "TIME", "TARGET": "TARGET", "PROJECT": "PROJECT",
    "COMMIT": "COMMIT", "STATE": "WORD", "NAME": "PROJECT", "POLICY": "WORD", "NUMBERING": "WORD", "LAYOUT": "WORD",
    "PACKAGE": "PACKAGE", "FILE": "FILE", "DIR": "ANY", "COMMAND": "ANY", "REF": "ANY", "URL[#REF]": "FILE",
}

tap_n, tap_bad = int(sys.argv[3]), 0  # what the shell counted before


def tap(ok, what, details=()):
    global tap_n, tap_bad
    tap_n += 1
    tap_bad += not ok
    print(f"{'ok' if ok else 'not ok'} {tap_n} - {what}")
    for d in details:
        print(f"# {d}")
    sys.stdout.flush()


# ---- the world ----

# roots are made and used by whoever needs one, mirrors are fetched, a lock names who had it; build records why
# there is no package in its output, and so does bisect
PASSED_OVER = re.compile(rb"/data/(roots|git|bisect|lock|repos/host-base)(/|$)|/(cache|made|tmp/out)(/|$)")


def state():
    """All there is, with what would show a change."""
    found = {}
    for top, dirs, files in os.walk(os.fsencode(WORLD)):
        for name in dirs + files:
            path = os.path.join(top, name)
            try:
                st = os.lstat(path)
            except FileNotFoundError:
                continue
            # readers of the database share their memory; a directory shows its change by its entries
            if name == b"packmill.db-shm" or name == b"packmill.db-wal" and not st.st_size:
                continue
            if PASSED_OVER.search(path):
                continue
            kept = () if stat.S_ISDIR(st.st_mode) else (st.st_size, st.st_mtime_ns, st.st_nlink)
            found[path] = (st.st_mode, st.st_uid, st.st_gid) + kept
    return found


def difference(a, b):
    for path in sorted(a.keys() | b.keys()):
        if a.get(path) != b.get(path):
            kind = "is new" if path not in a else "is gone" if path not in b else "was changed"
            yield f"{path.decode(errors='replace')} {kind}"


def environment(**more):
    env = {k: v for k, v in os.environ.items() if k.startswith(("ASAN", "UBSAN", "LSAN", "LC_", "LANG", "TZ", "GIT_"))}
    env |= {"PATH": os.environ["PATH"], "HOME": f"{WORLD}/home", "XDG_CACHE_HOME": f"{WORLD}/cache",
            "TMPDIR": f"{WORLD}/tmp", "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    return {k: v for k, v in (env | more).items() if v is not None}


class Run:
    def __init__(self, argv, cwd=INST, env=None, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                 stderr=subprocess.PIPE, before=(), shell=""):
        """before: a program in front, such as setpriv; shell: redirections."""
        self.argv = [a if isinstance(a, bytes) else a.encode() for a in argv]
        line = [*before, PACKMILL, *self.argv]
        if shell:
            line = ["bash", "-c", f'"$@" {shell}', "-", *line]
        self.out = self.err = b""
        with subprocess.Popen(line, cwd=cwd, env=env or environment(), stdin=stdin, stdout=stdout, stderr=stderr,
                              start_new_session=True) as p:
            try:
                out, err = p.communicate(timeout=120)
                self.status = p.returncode
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
                out, err = p.communicate()
                self.status = "none, it does not end"
            self.out, self.err = out or b"", err or b""

    def __str__(self):
        words = " ".join(repr(a.decode(errors="backslashreplace"))[:60] for a in self.argv)
        return f"packmill {words}: exit status {self.status}; {self.err[:300]!r}"


def json_is_sane(out):
    try:
        return out == b"" or "schema" in json.loads(out)
    except ValueError:
        return False


CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def faults(run, allowed, lines=(1, 1), may_print=False, as_json=False):
    """What is wrong with how it answered."""
    if run.status not in allowed:
        yield f"exit status {run.status} is none of {sorted(allowed)}"
    if run.status not in DOCUMENTED:
        yield "exit status is not documented"
    try:
        err = run.err.decode()
    except UnicodeDecodeError:
        yield "no UTF-8 on standard error"
        err = run.err.decode(errors="replace")
    if CONTROL.search(err):
        yield "control characters on standard error"
    if any(len(line) > 1000 for line in err.splitlines()):
        yield "an endless line on standard error"
    if run.out and as_json and json_is_sane(run.out):
        lines = (0, lines[1])  # what it had to say is there
    if run.status != 0:
        said = [line for line in err.splitlines() if not line.startswith("packmill: warning: ")]
        if not lines[0] <= len(said) <= lines[1]:
            yield f"{len(said)} lines on standard error"
        for line in said:
            if not re.match(r"packmill: .|.+: .", line):
                yield f"a line that says not who or where: {line!r}"
        if re.search(r"\(null\)|: *$|internal error|bug", err, re.M):
            yield "a line that says nothing"
    if run.out and (not json_is_sane(run.out) if as_json else not may_print):
        yield f"on standard output: {run.out[:100]!r}"


# ---- the table ----

class Row:
    def __init__(self, line):
        cells = [c.strip() for c in line.split("|")]
        self.name, call, self.uses = cells[0], cells[1], set(cells[2].split())
        self.verb = self.name.split()[0]
        self.words = self.name.split()
        self.kinds, self.optional, self.many, self.options = [], 0, False, []
        for word in call.split():
            m = re.fullmatch(r"([A-Z]+)([?]?)([*]?)=(.*)", word)
            if not m:
                (self.options if word.startswith("-") or self.options_open() else self.words).append(
                    word.replace("@", f"{WORLD}/"))
                continue
            kind, optional, many, value = m.groups()
            self.kinds.append((kind, value.replace("@", f"{WORLD}/").replace("%", "@")))
            self.optional += bool(optional)
            self.many |= bool(many)

    def options_open(self):
        return bool(self.options) and "=" not in self.options[-1] and len(self.options) % 2 == 1 and \
            self.options[-1] in ("-o", "-t")

    def call(self, values=None, extra=()):
        values = [v for _, v in self.kinds] if values is None else values
        return [*self.words, *self.options, *extra, *values]

    def right(self, extra=()):
        """The call that is right; what would change something is only asked for."""
        return self.call(extra=[*extra, *([] if "reads" in self.uses else ["-n"])])


def read_table():
    with open(TABLE, encoding="utf-8") as f:
        return [Row(line) for line in f if line.strip() and not line.startswith("#")]


def own_options(verb):
    r = subprocess.run([PACKMILL, "generate", "options", verb], capture_output=True, text=True, check=True)
    for line in r.stdout.splitlines():
        _, brief, name, arg = line.split("\t")
        yield brief, name, None if arg == "-" else arg


# ---- the nonsense ----

def cases(row):
    """(what, argv, allowed statuses, may_print)"""
    for o in (b"--nonsense", b"--nonsense=1", b"-Z", b"-qZ", b"--=", b"--=x", b"---", b"--" + ESCAPES, b"--two\nlines",
              b"--" + LONG, b"-\x1b", b"-\xff", b"--" + b"\xff", b"-\xc3\xa9", b"--json=yes"):
        yield "options that are none", row.call(extra=[o]), {2}, False
    for brief, name, arg in [*own_options(row.verb), *GLOBAL]:
        # subcommands share a table: an option that this one does not know may be passed over
        if not arg:
            yield "values for flags", row.call(extra=[name + "=x"]), {2}, False
            continue
        for form in {name, brief} - {"-", "--"}:
            yield "options without their value", [*row.words, *row.options, form], {2}, False
        yield "empty values", row.call(extra=[name + "="]), {2}, False
        yield "empty values", row.call(extra=[name, ""]), {2}, False
        if (name, row.verb) in SEEN or name in ("--config", "--directory", "--timeout") and row.verb != "status":
            continue
        SEEN.add((name, row.verb))
        kind = row_option(row, name) or OPTIONS[arg]
        nonsense, allowed = KINDS[kind]
        for bad in nonsense:
            value = place(bad)
            dry = ["-n"] if 0 in allowed else []
            yield f"values of {name}", row.call(extra=[*dry, name, value]), allowed, 0 in allowed
    values = [v for _, v in row.kinds]
    needed = len(values) - row.optional
    if needed > 0:
        yield "too few operands", row.call(values=values[: needed - 1]), {2}, False
    if not row.many:
        yield "too many operands", row.call(values=[*values, "more"]), {2}, False
        yield "too many operands", row.call(values=[*values, ESCAPES]), {2}, False
        yield "too many operands", row.call(values=[*values, LONG]), {2}, False
    for i, (kind, _) in enumerate(row.kinds):
        nonsense, allowed = KINDS[kind]
        for bad in [b"", *nonsense] if nonsense else []:
            if bad == b"" and kind == "ANY":
                continue
            yield f"operand {i + 1} ({kind})", row.call(
                values=[*values[:i], place(bad), *values[i + 1:]], extra=["-n"] if 0 in allowed else []), allowed, \
                0 in allowed


def row_option(row, name):
    for use in row.uses:
        if use.startswith(name + ":"):
            return use.split(":")[1]
    return None


def place(bad):
    return bad.replace(b"@", f"{WORLD}/".encode()) if bad.startswith(b"@") and len(bad) > 1 else bad


def try_nonsense(row, pool):
    def one(case, as_json):
        what, argv, allowed, may_print = case
        # a command's own words may follow: global options come first
        run = Run(["-q", "--json", *argv] if as_json else ["-q", *argv])
        return what, run, list(faults(run, allowed, may_print=may_print, as_json=as_json,
                                      lines=(1, 3) if "lists" in row.uses else (1, 1)))

    groups = {}
    before = state()
    todo = []
    for i, case in enumerate(cases(row)):
        if i // 3 % SAMPLE:
            continue
        if "alone" in row.uses:
            todo.append(one(case, i % 3 == 0))
        else:
            todo.append(pool.submit(one, case, i % 3 == 0))
    for t in todo:
        what, run, wrong = t if isinstance(t, tuple) else t.result()
        groups.setdefault(what, []).extend(f"{w}: {run}" for w in wrong)
    for what, wrong in groups.items():
        tap(not wrong, f"{row.name}: {what}", wrong[:8])
    changed = list(difference(before, state()))
    tap(not changed, f"{row.name}: nothing was made or changed by all that", changed[:8])


# ---- a world that is not as it should be ----

def try_surroundings(row, pool):
    """The right call, where standard descriptors or the environment are missing."""
    wrong = {}
    before = state()
    right = Run(row.right())
    base = right.status
    prints = bool(Run(["-q", *row.right()]).out)
    want = {0}
    if "fails" in row.uses:
        want = {2, 3, 4, 5, 6}
    first = list(faults(right, want, may_print=True, lines=(1, 1)))
    wrong["the call of the table is right"] = [f"{w}: {right}" for w in first]
    as_json = Run(["--json", *row.right()])
    wrong["--json"] = [f"{w}: {as_json}" for w in faults(as_json, {2 if "text" in row.uses else base}, may_print=True,
                                                         as_json=True)]
    if prints and not base and not as_json.out and "text" not in row.uses:
        wrong["--json"].append(f"prints nothing: {as_json}")
    full = {5} if prints and not base else {base}
    runs = {
        "closed standard output": (dict(shell=">&-"), full),
        "full standard output": (dict(shell=">/dev/full"), full),
        "closed standard error": (dict(shell="2>&-"), {base}),
        "closed standard input": (dict(shell="<&-"), {base}),
        "all of them closed": (dict(shell="<&- >&- 2>&-"), full),
        "no HOME, TERM, LANG": (dict(env=environment(HOME=None, TERM=None, LC_ALL=None, LANG=None)), {base}),
        "strange HOME, TERM, LANG": (dict(env=environment(HOME="/no/such", TERM="\033[31m", LC_ALL="xx_YY.Z")), {base}),
    }
    todo = {}
    for what, (how, allowed) in runs.items():
        todo[what] = pool.submit(Run, ["-q", *row.right()], **how), allowed
        if "alone" in row.uses:
            todo[what][0].result()
    for what, (t, allowed) in todo.items():
        run = t.result()
        # with standard error closed nothing can be said; import lists there what it leaves out
        lines = (0 if "standard error" in what or "all" in what else 1, 3 if "lists" in row.uses else 1)
        wrong[what] = [f"{w}: {run}" for w in faults(run, allowed, may_print=True, lines=lines)]
    for what, bad in wrong.items():
        tap(not bad, f"{row.name}: {what}", bad[:8])
    changed = list(difference(before, state()))
    tap(not changed, f"{row.name}: nothing was made or changed by being asked", changed[:8])


def try_configs(row, pool):
    """-c with what is no configuration; an instance that is not there."""
    if not row.uses & {"config", "store"}:
        return
    before = state()
    todo, wrong = {}, {}
    for file, allowed in (("nosuch.yaml", {2, 3}), ("dir", {3}), ("fifo", {3}), ("binary", {3}), ("empty", {3}),
                          ("tool/x", {2, 3}), ("loop", {3, 5}), (ESCAPES, {2, 3}), (LONG, {2, 3})):
        path = file if isinstance(file, bytes) else f"{WORLD}/{file}"
        todo[file] = pool.submit(Run, ["-c", path, *row.right()]), allowed
    for t, allowed in todo.values():
        run = t.result()
        wrong.setdefault("no configuration", []).extend(f"{w}: {run}" for w in faults(run, allowed, lines=(1, 3)))
    if "store" in row.uses:
        # a pass that only looks begins with mirrors and a state
        run = Run(row.right(), cwd=f"{WORLD}/{'made' if 'begins' in row.uses else 'fresh'}")
        wrong["nothing was built yet"] = [
            f"{w}: {run}" for w in faults(run, {0, 2} if row.uses & {"fresh", "begins"} else {2},
                                          may_print=bool(row.uses & {"fresh", "begins"}))]
        run = Run(row.right(), cwd=f"{WORLD}/newer")
        wrong["a database of a newer schema"] = [f"{w}: {run}" for w in faults(run, {1})]
        run = Run(row.right(), cwd=f"{WORLD}/damaged")
        wrong["a database that is none"] = [f"{w}: {run}" for w in faults(run, {1})]
    for what, bad in wrong.items():
        tap(not bad, f"{row.name}: {what}", bad[:8])
    changed = list(difference(before, state()))
    tap(not changed, f"{row.name}: nothing was made or changed there", changed[:8])


def try_user(row):
    """As an ordinary user: of the group that may read the instance, and of none."""
    user = os.environ.get("VERBS_USER")
    if not user or not row.uses & {"config", "store"}:
        return
    before = state()
    home = dict(env=environment(HOME="/nonexistent", TMPDIR="/tmp"))
    run = Run(row.right(), before=["setpriv", "--reuid", user, "--regid", user, "--init-groups"], **home)
    allowed = {0} if "reads" in row.uses else {0, 5, 6}
    if "fails" in row.uses:
        allowed = {2, 3, 4, 5, 6}
    wrong = [f"{w}: {run}" for w in faults(run, allowed, may_print=True)]
    tap(not wrong, f"{row.name}: a user who may only read", wrong[:8])
    run = Run(row.right(), before=["setpriv", "--reuid", "nobody", "--clear-groups"], **home)
    wrong = [f"{w}: {run}" for w in faults(run, {3, 6})]
    tap(not wrong, f"{row.name}: a user who may not", wrong[:8])
    changed = list(difference(before, state()))
    tap(not changed, f"{row.name}: nothing was made or changed by them", changed[:8])


def main():
    global GLOBAL, SEEN
    table = read_table()
    SEEN = set()
    listed = subprocess.run([PACKMILL, "generate", "options"], capture_output=True, text=True, check=True).stdout
    GLOBAL = [(b, n, None if a == "-" else a) for c, b, n, a in
              (line.split("\t") for line in listed.splitlines()) if c == "packmill" and n not in ("--help", "--version")]
    overview = subprocess.run([PACKMILL, "help"], capture_output=True, text=True, check=True).stdout
    commands = set(re.findall(r"^  ([a-z][a-z-]*)  ", overview, re.M)) | {"generate"}
    tap(commands == {r.verb for r in table}, "every command has a row in the table, and no other",
        sorted(commands ^ {r.verb for r in table}))
    completion = subprocess.run([PACKMILL, "generate", "completion"], capture_output=True, text=True, check=True).stdout
    below = completion[completion.index("_packmill_subcommands()"):]
    words = {f"{verb} {word}" for verb, line in re.findall(r"^\t([a-z]+)\) echo ' ([a-z ]+)' ;;", below, re.M)
             for word in line.split()}
    rows = {" ".join(r.words[:2]) for r in table}
    tap(words <= rows, "and so has each of their subcommands", sorted(words - rows))
    only = os.environ.get("VERBS_ONLY", "").split(",")
    with concurrent.futures.ThreadPoolExecutor((os.cpu_count() or 2) + 1) as pool:
        for row in table:
            if only != [""] and row.verb not in only:
                continue
            try_nonsense(row, pool)
            try_surroundings(row, pool)
            try_configs(row, pool)
            try_user(row)
    print(f"1..{tap_n}")
    return 1 if tap_bad else 0


sys.exit(main())
