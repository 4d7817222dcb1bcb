"use strict";
// Text is only ever set as text: names and labels come from files.
const { summary, notes, metrics, panels, photos, omitted } = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const STATUSES = ["failed", "unprotected", "protected", "skipped"];
const TITLES = Object.fromEntries(metrics.map(({ name, title }) => [name, title]));
const PAGE = 200;
const SVG = "http://www.w3.org/2000/svg";

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function drawing(tag, attributes, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

const number = (value, digits) => (value === null || value === undefined ? "" : value.toFixed(digits));
const picture = (data) => (data ? "data:image/webp;base64," + data : "");
const label = (answer) => (answer ? `${answer.label} ${number(answer.probability, 2)}` : "");

// How sure the classifier is of another scene, less what it still gives to the original's: above 0 it is fooled.
function margin(photo) {
  if (!photo.before || !photo.after) return null;
  const best = (same) => photo.after.top5.find(([name]) => (name === photo.before.label) === same)?.[1] ?? 0;
  return best(false) - best(true);
}

// What a treatment of the panel found. Each mark has a shape of its own: colour says nothing alone.
const FOUND = {
  passed: { mark: "\u25CF", means: "survived" },
  failed: { mark: "\u2715", means: "read again" },
  unread: { mark: "\u25CB", means: "says nothing: the original is not read either" },
  missing: { mark: "\u2013", means: "not applied: the format cannot hold the photo" },
};

function found(survival, treatment) {
  if (survival.failed.includes(treatment)) return "failed";
  if (survival.unread.includes(treatment)) return "unread";
  return survival.not_applied.includes(treatment) ? "missing" : "passed";
}

function survives({ passed, of, failed, unread, not_applied: missing }) {
  const lists = [["read again after", failed], ["original unread after", unread], ["not applied", missing]];
  const said = lists.filter(([, names]) => names.length).map(([title, names]) => `${title}: ${names.join(", ")}`);
  return [`${passed} of ${of}`, ...said].join("; ");
}

function marks(survival) {
  const each = (panels[survival.panel] ?? []).map((treatment) => {
    const what = found(survival, treatment);
    const { mark, means } = FOUND[what];
    return element("span", { className: `mark ${what}`, textContent: mark, title: `${treatment}: ${means}` });
  });
  const drawn = each.length ? each : [`${survival.passed} of ${survival.of}`];
  const all = element("span", { className: "marks" }, ...drawn);
  all.setAttribute("role", "img");
  all.setAttribute("aria-label", survives(survival));
  const { failed } = survival;
  return [all, ...(failed.length ? [element("span", { className: "names", textContent: failed.join(", ") })] : [])];
}

const COLUMNS = [
  { title: "", value: null },
  { title: "Photo", value: (p) => p.source, name: "name" },
  { title: "Status", value: (p) => STATUSES.indexOf(p.status), text: (p) => p.status, name: "status" },
  { title: "Before", value: (p) => label(p.before) },
  { title: "After", value: (p) => label(p.after) },
  { title: "Survives", value: (p) => p.survival && p.survival.passed / (p.survival.of || 1),
    draw: (p) => (p.survival ? marks(p.survival) : []) },
  { title: "Levels", value: (p) => p.linf, digits: 0 },
  ...metrics.map(({ name, title, decimals }) => ({ title, value: (p) => p.metrics[name], digits: decimals })),
  { title: "Seconds", value: (p) => p.seconds, digits: 2 },
].filter((column) => column.digits === undefined && !column.draw || photos.some((p) => typeof column.value(p) === "number"));

let order = { column: COLUMNS.findIndex((c) => c.name === "status"), up: true };
let limit = PAGE;
let visible = [];
let current = null;

function compare(a, b) {
  const { value } = COLUMNS[order.column];
  const [x, y] = [value(a), value(b)];
  if (x === y) return a.source < b.source ? -1 : 1;
  if (x === null || x === undefined || x === "") return 1;
  if (y === null || y === undefined || y === "") return -1;
  return (x < y ? -1 : 1) * (order.up ? 1 : -1);
}

function select() {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const status = $("status").value;
  const survival = $("survival").value;
  visible = photos.filter((photo) => {
    const failed = photo.survival?.failed ?? [];
    const text = [photo.source, photo.reason, photo.before?.label, photo.after?.label, ...failed].join(" ").toLowerCase();
    const wanted = !survival || photo.survival && (survival === "not") === failed.length > 0;
    return (!status || photo.status === status) && wanted && words.every((word) => text.includes(word));
  });
  visible.sort(compare);
  render();
}

function cell(photo, column) {
  if (!column.value) {
    const source = picture(photo.pictures?.after);
    return element("td", {}, ...(source ? [element("img", { src: source, alt: "", loading: "lazy" })] : []));
  }
  if (column.draw) return element("td", {}, ...column.draw(photo));
  const value = column.value(photo);
  const isNumber = column.digits !== undefined;
  const text = column.text ? column.text(photo) : isNumber ? number(value, column.digits) : value;
  const className = column.name === "status" ? photo.status : isNumber ? "number" : column.name || "";
  return element("td", { className, textContent: text });
}

function row(photo) {
  const made = element("tr", { tabIndex: 0, onclick: () => show(photo) }, ...COLUMNS.map((c) => cell(photo, c)));
  made.onkeydown = (event) => { if (event.key === "Enter") show(photo); };
  return made;
}

function render() {
  $("photos").tBodies[0].replaceChildren(...visible.slice(0, limit).map(row));
  $("shown").textContent = `${Math.min(limit, visible.length)} of ${visible.length}`;
  $("more").hidden = visible.length <= limit;
  COLUMNS.forEach((column, index) => {
    const head = $("photos").tHead.rows[0].cells[index];
    head.setAttribute("aria-sort", index !== order.column ? "none" : order.up ? "ascending" : "descending");
  });
}

function head(column, index) {
  const made = element("th", { className: column.digits !== undefined ? "number" : "" });
  if (!column.value) return made;
  const sort = () => {
    order = { column: index, up: order.column === index ? !order.up : true };
    select();
  };
  made.append(element("button", { type: "button", textContent: column.title, onclick: sort }));
  return made;
}

function answers(title, prediction) {
  const rows = prediction.top5.map(([name, probability]) => {
    const bar = element("span", { className: "bar" });
    bar.style.width = `${Math.max(1, 60 * probability)}px`;
    return element("tr", {}, element("td", { textContent: name }),
      element("td", { className: "number" }, bar, number(probability, 3)));
  });
  return element("table", {}, element("tr", {}, element("th", { textContent: title }), element("th")), ...rows);
}

function show(photo) {
  current = photo;
  const at = visible.indexOf(photo);
  $("previous").disabled = at < 1;
  $("next").disabled = at < 0 || at === visible.length - 1;
  $("name").textContent = photo.source;
  $("reason").textContent = photo.reason ? `${photo.status}: ${photo.reason}` : photo.status;
  $("reason").className = photo.status;
  $("pictures").hidden = !photo.pictures;
  for (const name of ["before", "after", "difference"]) $(name).src = picture(photo.pictures?.[name]);
  $("answers").replaceChildren(
    ...(photo.before ? [answers("before", photo.before), answers("after", photo.after)] : []));
  const file = photo.link ? element("a", { href: photo.link, textContent: photo.output }) : photo.output;
  const facts = [["file", file], ["recipe", photo.recipe], ["classifier", photo.classifier],
    ["survives", photo.survival && survives(photo.survival)],
    ["largest change", photo.linf === null ? null : `${photo.linf} grey levels`],
    ...Object.entries(photo.metrics).map(([name, value]) => [TITLES[name], number(value, 3)])];
  $("facts").replaceChildren(...facts.filter(([, value]) => value).map(([name, value]) =>
    element("tr", {}, element("td", { textContent: name }), element("td", {}, value))));
  $("changed").textContent = photo.linf ? "what the attack changed" : "difference";
  split();
  if (!$("detail").open) $("detail").showModal();
}

function turn(by) {
  const at = visible.indexOf(current);
  if (at >= 0 && visible[at + by]) show(visible[at + by]);
}

function split() {
  $("after").style.clipPath = `inset(0 0 0 ${$("split").value}%)`;
}

function scatter() {
  const quality = $("quality").value;
  const points = photos.map((p) => ({ photo: p, x: p.metrics[quality], y: margin(p) }))
    .filter(({ x, y }) => typeof x === "number" && y !== null);
  const [low, high] = points.reduce(([a, b], { x }) => [Math.min(a, x), Math.max(b, x)], [Infinity, -Infinity]);
  const across = (x) => 45 + (580 * (x - low)) / (high - low || 1);
  const bottom = points.some(({ y }) => y < 0) ? -1 : 0;
  const up = (y) => 265 - (235 * (y - bottom)) / (1 - bottom);
  const marks = [[1, "sure of another scene"], [0, "undecided"], [-1, "sure of the original scene"]];
  const drawn = marks.filter(([y]) => y >= bottom).flatMap(([y, meaning]) => [
    drawing("line", { x1: 45, x2: 630, y1: up(y), y2: up(y) }),
    drawing("text", { x: 40, y: up(y) + 4, "text-anchor": "end" }, `${100 * y} %`),
    drawing("text", { x: 337, y: up(y) - 8, "text-anchor": "middle", class: "meaning" }, meaning)]);
  drawn.push(drawing("text", { x: 45, y: 285 }, number(low, 2)));
  drawn.push(drawing("text", { x: 625, y: 285, "text-anchor": "end" }, `${TITLES[quality]} ${number(high, 2)}`));
  for (const { photo, x, y } of points) {
    const dot = drawing("circle", { cx: across(x), cy: up(y), r: 4, class: photo.status });
    dot.append(drawing("title", {}, `${photo.source}: ${number(x, 2)}, ${number(100 * y, 1)} %`));
    dot.onclick = () => show(photo);
    drawn.push(dot);
  }
  $("scatter").replaceChildren(...drawn);
}

function explainSurvival() {
  const asked = photos.filter((p) => p.survival);
  $("survival").hidden = $("legend").hidden = !asked.length;
  const all = asked.filter((p) => !p.survival.failed.length).length;
  const key = Object.values(FOUND).map(({ mark, means }) => `${mark}\u00A0${means}`).join(", ");
  $("legend").textContent = `Survives: ${all.toLocaleString()} of ${asked.length.toLocaleString()} photos here stay protected `
    + `after every treatment of sharing that was tried. ${key}. An attack that stops on these same treatments looks better `
    + "by them than by others.";
}

function start() {
  $("sentence").textContent = summary.sentence;
  $("notes").append(...notes.map((textContent) => element("p", { className: "fine", textContent })));
  $("counts").append(...STATUSES.filter((s) => summary[s]).map((s) =>
    element("li", { className: s }, element("b", { textContent: summary[s].toLocaleString() }), s)));
  $("status").append(...STATUSES.filter((s) => photos.some((p) => p.status === s)).map((s) => new Option(s, s)));
  $("photos").tHead.rows[0].replaceChildren(...COLUMNS.map(head));
  $("omitted").hidden = !omitted;
  $("omitted").textContent = omitted;
  const measured = Object.keys(TITLES).filter((name) => photos.some((p) => typeof p.metrics[name] === "number"));
  $("plot").hidden = !measured.length;
  $("quality").append(...measured.map((name) => new Option(TITLES[name], name)));
  $("quality").onchange = scatter;
  $("search").oninput = $("status").onchange = $("survival").onchange = () => { limit = PAGE; select(); };
  $("more").onclick = () => { limit += PAGE; render(); };
  $("split").oninput = split;
  $("previous").onclick = () => turn(-1);
  $("next").onclick = () => turn(1);
  $("detail").onkeydown = (event) => {
    if (event.target !== $("split")) turn({ ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0);
  };
  explainSurvival();
  if (measured.length) scatter();
  select();
}

start();
