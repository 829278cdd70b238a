# SPDX-License-Identifier: GPL-3.0-or-later
"""links.py DIR: every page below DIR (what a web server would show) is HTML by html5lib's strict
parser, every link and fragment within leads somewhere, nothing is loaded from elsewhere, every .json,
.atom and .svg can be read. Prints what is wrong and the number of pages."""
import json
import os
import re
import sys
import urllib.parse
import xml.etree.ElementTree

import html5lib

HTML = "{http://www.w3.org/1999/xhtml}"
LOADS = {"src", "srcset", "poster", "data", "action", "formaction", "background", "xlink:href"}
SKIP = {"pool", ".new", ".old", "repodata"}


class Site:
    def __init__(self, top):
        self.top = os.path.realpath(top)
        self.bad = []
        self.ids = {}
        self.links = []
        self.elsewhere = set()

    def files(self):
        for folder, folders, names in os.walk(self.top):
            folders[:] = sorted(f for f in folders if f not in SKIP)
            for name in sorted(names):
                yield os.path.join(folder, name)

    def complain(self, path, text):
        self.bad.append(f"{os.path.relpath(path, self.top)}: {text}")

    def page(self, path):
        with open(path, "rb") as f:
            data = f.read()
        try:
            tree = html5lib.HTMLParser(strict=True).parse(data, transport_encoding="utf-8")
        except Exception as e:  # html5lib has several kinds
            self.complain(path, f"not HTML: {type(e).__name__} {e}")
            tree = html5lib.HTMLParser().parse(data, transport_encoding="utf-8")
        ids = self.ids[path] = set()
        for e in tree.iter():
            if not isinstance(e.tag, str):
                continue
            tag = e.tag.rpartition("}")[2]
            if tag == "style" and re.search(r"url\(|@import", e.text or ""):
                self.complain(path, "a style that loads")
            if tag in ("script", "iframe", "object", "embed", "base", "form"):
                self.complain(path, f"<{tag}>")
            for name, value in e.attrib.items():
                self.attribute(path, tag, name, value, ids, e)
        return tree

    def attribute(self, path, tag, name, value, ids, e):
        if name == "id":
            if value in ids:
                self.complain(path, f"id '{value}' twice")
            ids.add(value)
        elif name.startswith("on") or value.strip().lower().startswith("javascript:"):
            self.complain(path, f"a script in {name}")
        elif name == "href" and tag in ("a", "link"):
            self.links.append((path, value, tag == "link" and e.get("rel") not in
                               ("canonical", "alternate", "up", "prev", "next")))
        elif name in LOADS:
            self.links.append((path, value, True))

    def target(self, path, href, loaded):
        try:
            url = urllib.parse.urlsplit(href)
        except ValueError:
            return self.complain(path, f"no link: {href}")
        if url.scheme == "data" and loaded:
            return None
        if url.scheme or url.netloc:
            self.elsewhere.add(href)
            if loaded or url.scheme not in ("https", "http", "mailto"):
                self.complain(path, f"loaded from elsewhere: {href}")
            return None
        if url.path.startswith("/"):
            return self.complain(path, f"leaves the prefix: {href}")
        to = path
        if url.path:
            to = os.path.normpath(os.path.join(os.path.dirname(path), urllib.parse.unquote(url.path)))
        if to != self.top and not to.startswith(self.top + "/"):
            return self.complain(path, f"leaves the site: {href}")
        if os.path.isdir(to):
            if not href.partition("#")[0].endswith("/") and url.path:
                self.complain(path, f"a folder without its slash: {href}")
            to = os.path.join(to, "index.html")
        if not os.path.exists(to):
            return self.complain(path, f"dead link: {href}")
        if url.fragment and urllib.parse.unquote(url.fragment) not in self.ids.get(to, ()):
            self.complain(path, f"no such place: {href}")
        return to

    def check(self):
        for path in self.files():
            if path.endswith(".html"):
                self.page(path)
            elif path.endswith(".json"):
                with open(path, encoding="utf-8") as f:
                    if "schema" not in json.load(f):
                        self.complain(path, "no schema")
            elif path.endswith((".atom", ".svg")):
                xml.etree.ElementTree.parse(path)
        reached = {to for link in self.links if (to := self.target(*link))}
        for path in self.ids:
            if path not in reached and path != os.path.join(self.top, "index.html"):
                self.complain(path, "no page links to it")


def main():
    site = Site(sys.argv[1])
    site.check()
    print("\n".join(site.bad))
    print(f"{len(site.ids)} pages, {len(site.links)} links, {len(site.elsewhere)} to elsewhere, "
          f"{len(site.bad)} complaints")
    sys.exit(bool(site.bad) or not site.ids)


main()
