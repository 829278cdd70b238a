// SPDX-License-Identifier: GPL-3.0-or-later
// Run in a page by look.py: what is wrong with it, as a list of lines.
const bad = [];
const short = (s) => s.trim().replace(/\s+/g, " ").slice(0, 60);
const visible = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility === "visible";
const root = document.documentElement;

// nothing but what scrolls by itself may be wider than the window
if (root.scrollWidth > root.clientWidth) {
  let who = "";
  for (const e of document.body.querySelectorAll("*"))
    if (e.getBoundingClientRect().right > root.clientWidth + 1 && !e.closest(".scroll, pre, svg") &&
        visible(e) && !who)
      who = e.tagName + "." + (e.className.baseVal ?? e.className) + " '" + short(e.textContent) + "'";
  bad.push(`overflow: ${root.scrollWidth} > ${root.clientWidth}: ${who}`);
}

// why something failed is seen without scrolling
for (const m of document.querySelectorAll(".box .message"))
  if (m.getBoundingClientRect().bottom > innerHeight)
    bad.push(`the cause ends at ${m.getBoundingClientRect().bottom} of ${innerHeight}`);

// headings: one h1, no level left out
const headings = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")];
if (headings.filter((h) => h.tagName === "H1").length !== 1) bad.push("not one h1");
let level = 0;
for (const h of headings) {
  const n = Number(h.tagName[1]);
  if (n > level + 1) bad.push(`heading ${h.tagName} '${short(h.textContent)}' after level ${level}`);
  if (!h.textContent.trim()) bad.push(`empty ${h.tagName}`);
  level = n;
}

if (!root.lang) bad.push("no lang");
if (!document.title.trim()) bad.push("no title");
if (document.querySelectorAll("main").length !== 1) bad.push("not one main");
if (document.scripts.length) bad.push("a script");
for (const e of document.querySelectorAll("[tabindex]"))
  if (e.tabIndex > 0) bad.push(`tabindex ${e.tabIndex}`);
for (const nav of document.querySelectorAll("nav"))
  if (document.querySelectorAll("nav").length > 1 && !nav.getAttribute("aria-label"))
    bad.push("one of several nav has no label");

// tables: what each column and row is about
for (const t of document.querySelectorAll("table")) {
  const rows = [...t.rows];
  if (!t.querySelector("th")) bad.push("a table without header cells");
  for (const th of t.querySelectorAll("th")) {
    if (!th.scope) bad.push(`th '${short(th.textContent)}' without scope`);
    if (!th.textContent.trim()) bad.push("an empty th");
  }
  if (!t.caption && !t.getAttribute("aria-label") && !t.getAttribute("aria-labelledby"))
    bad.push("a table without a name");
  const wide = new Set(rows.map((r) => [...r.cells].reduce((n, c) => n + c.colSpan, 0)));
  if (wide.size > 1) bad.push(`rows of ${[...wide].join(", ")} cells in one table`);
}

// links and pictures have names; the same name goes to the same place
const places = new Map();
for (const a of document.querySelectorAll("a")) {
  const pictures = [...a.querySelectorAll("img, svg title")].map((i) => i.alt ?? i.textContent).join(" ");
  const name = short(a.getAttribute("aria-label") || a.textContent + " " + pictures);
  if (!name) bad.push(`a link without text to ${a.getAttribute("href")}`);
  if (/^(here|click here|link|more)$/i.test(name)) bad.push(`a link called '${name}'`);
  if (!a.href) bad.push(`'${name}' leads nowhere`);
  if (a.tabIndex < 0) bad.push(`'${name}' cannot be reached by keyboard`);
}
for (const i of document.querySelectorAll("img"))
  if (!i.hasAttribute("alt")) bad.push(`no alt: ${i.src}`);
for (const s of document.querySelectorAll("svg"))
  if (s.getAttribute("aria-hidden") !== "true" && !s.querySelector("title"))
    bad.push("an svg without title");
const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
for (const id of ids)
  if (ids.indexOf(id) !== ids.lastIndexOf(id)) bad.push(`id '${id}' twice`);
for (const e of document.querySelectorAll("[aria-labelledby]"))
  for (const id of e.getAttribute("aria-labelledby").split(" "))
    if (!document.getElementById(id)) bad.push(`aria-labelledby ${id} is nowhere`);
// what scrolls sideways must be reachable by keyboard
for (const e of document.querySelectorAll("*"))
  if (e.scrollWidth > e.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(e).overflowX) &&
      visible(e) && e !== root && e.tabIndex < 0)
    bad.push(`${e.tagName}.${e.className} scrolls, but not by keyboard`);

// contrast of each piece of text (WCAG 2: 4.5, large 3)
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const rgba = (css) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = css;
  canvas.fillRect(0, 0, 1, 1);
  const d = canvas.getImageData(0, 0, 1, 1).data;
  return [d[0], d[1], d[2], d[3] / 255];
};
const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
const luminance = (c) => {
  const [r, g, b] = c.slice(0, 3).map((v) => {
    v /= 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const background = (e) => {
  const layers = [];
  for (let p = e; p; p = p.parentElement) layers.push(rgba(getComputedStyle(p).backgroundColor));
  let c = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
  for (const l of layers.reverse()) c = over(l, c);
  return c;
};
const seen = new Set();
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let n = walker.nextNode(); n; n = walker.nextNode()) {
  const e = n.parentElement;
  if (!n.data.trim() || !visible(e) || e.closest("svg, style, title")) continue;
  const s = getComputedStyle(e), under = background(e);
  const key = s.color + under + s.fontSize + s.fontWeight;
  if (seen.has(key)) continue;
  seen.add(key);
  const a = luminance(over(rgba(s.color), under)), b = luminance(under);
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const large = parseFloat(s.fontSize) >= 24 || (parseFloat(s.fontSize) >= 18.66 && s.fontWeight >= 700);
  if (ratio < (large ? 3 : 4.5))
    bad.push(`contrast ${ratio.toFixed(2)}: ${e.tagName}.${e.className} '${short(n.data)}'`);
}
// text can be read on a phone
for (const e of document.body.querySelectorAll("p, td, li, dd, pre"))
  if (visible(e) && e.textContent.trim() && parseFloat(getComputedStyle(e).fontSize) < 11) {
    bad.push(`text of ${getComputedStyle(e).fontSize}: '${short(e.textContent)}'`);
    break;
  }
return bad;
