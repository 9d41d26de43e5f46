
"use strict";
// The space–time diagram of a run: a lane for each process, time from left to right. It is drawn on a canvas by hand, since only
// what is in the window has to be drawn, and labels have to keep clear of each other.
(() => {
  const { data, facts, colour, paint, seconds } = splitbrain;
  const { lanes, messages } = data;
  const box = document.getElementById("picture");
  const canvas = document.getElementById("space-time");
  const pen = canvas.getContext("2d");
  const tip = document.getElementById("tip");

  // Kinds of messages in the order of the data, each with its colour.
  const KIND_COLOURS = ["plain", "plain", "sky", "orange", "vermilion", "purple", "green", "blue", "ink", "plain"];
  const LOST = -1;
  // What takes longer, in microseconds, has waited for a retransmission, or for a process that stood still.
  const WAITED = 190_000;
  // Events that turn a failover, which get their labels first.
  const TURNS = ["+switch-master", "+elected-leader", "+promoted-slave", "+odown", "+tilt", "+sdown", "+try-failover", "+failover-end", "+selected-slave", "+convert-to-slave"];
  const FATES = { ok: ["green", "acknowledged"], lost: ["vermilion", "acknowledged, and lost in the end"], failed: ["orange", "failed: certainly not executed"], unknown: ["purple", "no answer: executed or not"] };
  const ROWS = 3, ROW = 17, AXIS = 24, STRIP = 22;

  const shownKinds = messages.kinds.map(([, shown]) => shown);
  let view = [...data.window];
  let pointer = null;
  let hits = [];

  // ---- Where lanes are -------------------------------------------------------------------------------------------------

  // Operations of one client that overlap lie in rows below each other.
  const operationRows = lanes.map(() => 1);
  const placed = (() => {
    const ends = lanes.map(() => []);
    return data.operations.map(({ lane, from, until }) => {
      let row = ends[lane].findIndex((end) => end <= from);
      if (row < 0) row = Math.min(ends[lane].length, 5);
      ends[lane][row] = until;
      operationRows[lane] = Math.max(operationRows[lane], row + 1);
      return row;
    });
  })();
  const faultRows = Math.min(ROWS, data.faults.length), flagRows = Math.min(ROWS, data.flags.length);
  const top = AXIS + (faultRows + flagRows) * ROW + 8;
  const heights = { redis: () => 40, sentinel: () => 54, client: (i) => 14 + 7 * operationRows[i] };
  let height = top;
  const tops = lanes.map(({ kind }, i) => {
    if (i > 0 && lanes[i - 1].kind !== kind) height += 12;
    const its = height;
    height += heights[kind](i);
    return its;
  });
  const bottom = height + 4;
  // Where messages leave and arrive.
  const line = (i) => tops[i] + (lanes[i].kind === "redis" ? 20 : lanes[i].kind === "sentinel" ? 40 : 7);
  const total = bottom + STRIP + 10;
  pen.font = "12px system-ui, sans-serif";
  const left = Math.min(170, Math.max(...lanes.map(({ name }) => pen.measureText(name).width)) + 18);
  let width = 0;
  const right = () => width - 6;
  const x = (at) => left + ((at - view[0]) / (view[1] - view[0])) * (right() - left);
  const time = (px) => view[0] + ((px - left) / (right() - left)) * (view[1] - view[0]);

  // ---- Drawing ---------------------------------------------------------------------------------------------------------

  const text = (words, at, y, room) => {
    if (pen.measureText(words).width <= room) { pen.fillText(words, at, y); return; }
    let short = words;
    while (short && pen.measureText(`${short}…`).width > room) short = short.slice(0, -1);
    if (short.length > 2) pen.fillText(`${short}…`, at, y);
  };

  // Words that stay readable over lines.
  const outlined = (words, at, y, c) => {
    pen.strokeStyle = c.paper;
    pen.lineWidth = 3;
    pen.lineJoin = "round";
    pen.strokeText(words, at, y);
    pen.lineWidth = 1;
    pen.fillText(words, at, y);
  };

  const hatch = (from, until, y, high) => {
    pen.save();
    pen.beginPath();
    pen.rect(from, y, until - from, high);
    pen.clip();
    pen.beginPath();
    for (let at = from - high - (from % 7); at < until; at += 7) { pen.moveTo(at, y + high); pen.lineTo(at + high, y); }
    pen.stroke();
    pen.restore();
  };

  // Labels that keep clear of each other: the first row with room, or none.
  const rows = (count) => {
    const taken = Array.from({ length: count }, () => []);
    return (from, until) => taken.findIndex((row) => {
      const free = row.every(([a, b]) => until < a || from > b);
      if (free) row.push([from, until]);
      return free;
    });
  };

  const axis = (c) => {
    const span = view[1] - view[0], target = span / Math.max(3, (right() - left) / 110);
    const unit = 10 ** Math.floor(Math.log10(target));
    const step = [1, 2, 5, 10].map((n) => n * unit).find((n) => n >= target);
    const digits = Math.max(0, Math.ceil(6 - Math.log10(step) - 1e-9));
    pen.textAlign = "center";
    for (let n = Math.ceil(view[0] / step); n * step <= view[1]; n += 1) {
      const at = x(n * step);
      pen.strokeStyle = c.line;
      pen.globalAlpha = 0.6;
      pen.beginPath(); pen.moveTo(at, AXIS); pen.lineTo(at, bottom); pen.stroke();
      pen.globalAlpha = 1;
      pen.fillStyle = c.faint;
      const words = `${((n * step) / 1e6).toFixed(Math.min(6, digits))} s`, half = pen.measureText(words).width / 2;
      if (at - half > left && at + half < right()) pen.fillText(words, at, 15);
    }
    pen.textAlign = "left";
  };

  const strip = (items, count, y, c, ink, sign) => {
    const place = rows(count), labels = [];
    for (const item of items) {
      const from = x(item.from ?? item.at), until = item.until == null ? from : x(item.until);
      if (until < left || from > right()) continue;
      const a = Math.max(from, left), b = Math.min(until, right());
      pen.strokeStyle = pen.fillStyle = ink;
      if (b > a) { pen.globalAlpha = 0.09; pen.fillRect(a, y, b - a, bottom - y); pen.globalAlpha = 1; }
      pen.lineWidth = 1.5;
      pen.setLineDash(sign === "⚑" ? [2, 3] : []);
      for (const edge of item.until == null ? [from] : [from, until]) {
        if (edge >= left && edge <= right()) { pen.beginPath(); pen.moveTo(edge, y); pen.lineTo(edge, bottom); pen.stroke(); }
      }
      pen.setLineDash([]);
      pen.lineWidth = 1;
      const words = `${sign} ${item.text}`, long = pen.measureText(words).width + 10;
      const at = Math.max(left, Math.min(a, right() - Math.min(long, right() - left)));
      const row = place(at, at + long);
      if (row >= 0) labels.push([words, at, long, y + row * ROW, item]);
    }
    // No line runs through a label.
    for (const [words, at, long, its, item] of labels) {
      pen.fillStyle = c.paper;
      pen.fillRect(at + 1, its + 1, Math.min(long, right() - at) - 2, ROW - 2);
      pen.fillStyle = ink;
      text(words, at + 4, its + 13, right() - at - 4);
      hits.push({ a: at, b: at + long, top: its, bottom: its + ROW, item });
    }
  };

  const bars = (c) => {
    for (const bar of data.bars) {
      const from = Math.max(left, x(bar.from)), until = Math.min(right(), x(bar.until));
      if (until <= left || from >= right()) continue;
      const y = line(bar.lane), sentinel = lanes[bar.lane].kind === "sentinel";
      const wide = Math.max(1.5, until - from);
      if (bar.what === "dead" || bar.what === "paused") {
        pen.strokeStyle = c.faint;
        pen.globalAlpha = 0.55;
        hatch(from, until, tops[bar.lane] + 3, heights[lanes[bar.lane].kind](bar.lane) - 6);
        pen.globalAlpha = 1;
        pen.fillStyle = c.paper;
        const room = Math.min(pen.measureText(bar.text).width + 8, wide);
        if (wide > 30) { pen.fillRect(from + 4, y - 8, room, 16); pen.fillStyle = c.faint; text(bar.text, from + 8, y + 4, wide - 10); }
      } else if (bar.what === "master") {
        pen.fillStyle = c.blue;
        pen.fillRect(from, y - 9, wide, 18);
        pen.fillStyle = c.paper;
        text(bar.text, from + 6, y + 4, wide - 10);
      } else {
        const strong = { leads: c.orange, tilt: c.vermilion, loading: c.yellow }[bar.what];
        const high = bar.what === "leads" || bar.what === "tilt" ? 5 : 14;
        const at = sentinel && high === 5 ? y - 13 : y - high / 2;
        pen.fillStyle = strong ?? c.panel;
        pen.strokeStyle = strong ?? c.line;
        pen.fillRect(from, at, wide, high);
        pen.strokeRect(from + 0.5, at + 0.5, Math.max(1, wide - 1), high - 1);
        pen.fillStyle = c.faint;
        if (high > 5) text(bar.text, from + 6, y + 4, wide - 10);
      }
      hits.push({ a: from, b: until, top: y - 13, bottom: y + 9, item: bar });
    }
  };

  const operations = (c) => {
    data.operations.forEach((operation, i) => {
      const from = x(operation.from), until = Math.max(x(operation.until), from + 2);
      if (until < left || from > right()) return;
      const a = Math.max(left, from), b = Math.min(right(), until), y = tops[operation.lane] + 6 + placed[i] * 7;
      const ink = c[FATES[operation.fate][0]];
      pen.fillStyle = pen.strokeStyle = ink;
      // Fates differ in shape too: full, taller and struck through, hollow, thin.
      if (operation.fate === "failed") pen.strokeRect(a + 0.5, y + 0.5, Math.max(1, b - a - 1), 4);
      else if (operation.fate === "unknown") pen.fillRect(a, y + 2, b - a, 1.5);
      else if (operation.fate === "lost") {
        pen.fillRect(a, y - 1, b - a, 7);
        pen.strokeStyle = c.paper;
        if (b - a > 7) { pen.beginPath(); pen.moveTo((a + b) / 2 - 3, y + 6); pen.lineTo((a + b) / 2 + 3, y - 1); pen.stroke(); }
      } else pen.fillRect(a, y, b - a, 5);
      hits.push({ a, b, top: y - 1, bottom: y + 6, item: operation });
    });
  };

  // Lines of messages in the window, by colour, so that the pen changes rarely; then their heads.
  const arrows = (c) => {
    const { from, to, at, took, kind } = messages;
    const paths = new Map(), heads = [];
    let drawn = 0;
    for (let i = 0; i < at.length; i += 1) {
      if (!shownKinds[kind[i]] || at[i] > view[1] || at[i] + Math.max(took[i], 0) < view[0]) continue;
      drawn += 1;
      const never = took[i] < 0, x1 = x(at[i]), y1 = line(from[i]), y2 = line(to[i]);
      // What never arrived ends half way, in a cross if its connection ended.
      const x2 = never ? x1 + 14 : x(at[i] + took[i]), end = never ? y1 + (y2 - y1) * 0.5 : y2;
      const key = never ? (took[i] === LOST ? "bad" : "faint") : KIND_COLOURS[kind[i]];
      const dash = never ? [4, 3] : took[i] > WAITED ? [1, 5] : [];
      if (!paths.has(key + dash)) paths.set(key + dash, { key, dash, path: new Path2D() });
      const { path } = paths.get(key + dash);
      path.moveTo(x1, y1);
      path.lineTo(x2, end);
      heads.push([i, x1, y1, x2, end, key, never]);
    }
    pen.globalAlpha = drawn > 3000 ? 0.35 : drawn > 800 ? 0.6 : 0.85;
    for (const { key, dash, path } of paths.values()) {
      pen.strokeStyle = c[key];
      pen.setLineDash(dash);
      pen.stroke(path);
    }
    pen.setLineDash([]);
    pen.globalAlpha = 1;
    if (drawn <= 2500) {
      for (const [i, x1, y1, x2, y2, key, never] of heads) {
        pen.fillStyle = pen.strokeStyle = c[key];
        pen.beginPath();
        if (!never) {
          const turn = Math.atan2(y2 - y1, x2 - x1), back = (by) => [x2 - 6 * Math.cos(turn + by), y2 - 6 * Math.sin(turn + by)];
          pen.moveTo(x2, y2); pen.lineTo(...back(0.4)); pen.lineTo(...back(-0.4)); pen.fill();
        } else if (took[i] === LOST) {
          pen.moveTo(x2 - 3, y2 - 3); pen.lineTo(x2 + 3, y2 + 3); pen.moveTo(x2 - 3, y2 + 3); pen.lineTo(x2 + 3, y2 - 3); pen.stroke();
        }
      }
    }
    box.dataset.drawn = drawn;
    return heads;
  };

  const marks = (c) => {
    const place = lanes.map(() => rows(2));
    const rank = ({ name }) => (TURNS.includes(name) ? TURNS.indexOf(name) : 99);
    const inside = data.marks.filter(({ at }) => at >= view[0] && at <= view[1]).sort((a, b) => rank(a) - rank(b) || a.at - b.at);
    for (const mark of inside) {
      const at = x(mark.at), y = line(mark.lane), turn = rank(mark) < 99;
      pen.fillStyle = pen.strokeStyle = turn ? c.vermilion : c.faint;
      pen.beginPath();
      if (turn) { pen.moveTo(at, y - 5); pen.lineTo(at + 5, y); pen.lineTo(at, y + 5); pen.lineTo(at - 5, y); pen.fill(); }
      else pen.fillRect(at - 1, y - 5, 2, 10);
      const long = pen.measureText(mark.name).width, from = Math.max(left + 2, Math.min(at - 4, right() - long));
      const row = place[mark.lane](from - 3, from + long + 5);
      if (row >= 0) {
        pen.fillStyle = turn ? c.ink : c.faint;
        outlined(mark.name, from, y - 16 - row * 12, c);
      }
      hits.push({ a: at - 5, b: at + 5, top: y - 6, bottom: y + 6, item: mark, near: true });
    }
  };

  // The whole run below, with the window in it.
  const overview = (c) => {
    const all = data.until - data.from, place = (at) => left + ((at - data.from) / all) * (right() - left), y = bottom + 4;
    pen.fillStyle = c.panel;
    pen.fillRect(left, y, right() - left, STRIP);
    for (const [items, ink] of [[data.marks, c.faint], [data.flags, c.bad], [data.faults, c.orange]]) {
      pen.fillStyle = ink;
      for (const item of items) pen.fillRect(place(item.at ?? item.from) - 0.5, y + 3, ink === c.faint ? 1 : 2, STRIP - 6);
    }
    pen.strokeStyle = c.focus;
    pen.lineWidth = 2;
    const from = Math.max(left, place(view[0])), until = Math.min(right(), place(view[1]));
    pen.strokeRect(from, y, Math.max(2, until - from), STRIP);
    pen.lineWidth = 1;
    pen.fillStyle = c.faint;
    text("whole run", 4, y + 15, left - 8);
  };

  let arrowsDrawn = [];
  const draw = () => {
    const scale = window.devicePixelRatio || 1;
    width = box.clientWidth;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(total * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(total * scale);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${total}px`;
    }
    const c = colours;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.fillStyle = c.paper;
    pen.fillRect(0, 0, width, total);
    pen.font = `12px ${c.font}`;
    pen.lineWidth = 1;
    hits = [];
    lanes.forEach(({ name }, i) => {
      pen.fillStyle = c.ink;
      text(name, 4, line(i) + 4, left - 10);
      pen.strokeStyle = c.line;
      pen.beginPath(); pen.moveTo(left, line(i)); pen.lineTo(right(), line(i)); pen.stroke();
    });
    pen.save();
    pen.beginPath();
    pen.rect(left, 0, right() - left, total);
    pen.clip();
    axis(c);
    strip(data.faults, faultRows, AXIS, c, c.orange, "⚡");
    strip(data.flags, flagRows, AXIS + faultRows * ROW, c, c.bad, "⚑");
    bars(c);
    operations(c);
    arrowsDrawn = arrows(c);
    marks(c);
    pen.restore();
    overview(c);
    [box.dataset.from, box.dataset.until] = view.map(Math.round);
  };

  let colours = {};
  const look = () => {
    const names = ["paper", "panel", "ink", "faint", "line", "focus", "good", "bad", "plain", "blue", "sky", "green", "orange", "vermilion", "purple", "yellow"];
    colours = Object.fromEntries(names.map((name) => [name, colour(name)]));
    colours.font = getComputedStyle(document.body).fontFamily;
    draw();
  };

  // ---- Moving ----------------------------------------------------------------------------------------------------------

  let waits = 0;
  const show = (from, until) => {
    const all = data.until - data.from, span = Math.min(Math.max(until - from, 200), all * 1.05);
    const middle = Math.min(Math.max((from + until) / 2, data.from), data.until);
    view = [middle - span / 2, middle + span / 2];
    tip.hidden = true;
    cancelAnimationFrame(waits);
    waits = requestAnimationFrame(draw);
  };
  const zoom = (by, around = (view[0] + view[1]) / 2) => show(around - (around - view[0]) * by, around + (view[1] - around) * by);
  const move = (share) => show(view[0] + (view[1] - view[0]) * share, view[1] + (view[1] - view[0]) * share);
  const moves = { in: () => zoom(0.6), out: () => zoom(1 / 0.6), left: () => move(-0.2), right: () => move(0.2), home: () => show(...data.window), all: () => show(data.from, data.until) };
  const keys = { "+": "in", "=": "in", "-": "out", ArrowLeft: "left", ArrowRight: "right", Home: "home", End: "all" };
  box.addEventListener("keydown", (event) => {
    const what = event.ctrlKey || event.metaKey || event.altKey ? null : keys[event.key];
    if (what) { event.preventDefault(); moves[what](); }
  });
  for (const button of document.querySelectorAll("[data-do]")) button.addEventListener("click", moves[button.dataset.do]);

  box.addEventListener("wheel", (event) => {
    if (event.ctrlKey) return;
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) move((event.deltaX || event.deltaY) / 1000);
    else zoom(Math.exp(Math.max(-100, Math.min(100, event.deltaY)) / 300), time(event.offsetX));
  }, { passive: false });

  let drag = null;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    drag = { x: event.offsetX, view: [...view], whole: event.offsetY > bottom };
    if (drag.whole) jump(event.offsetX);
  });
  canvas.addEventListener("pointerup", () => { drag = null; });
  canvas.addEventListener("pointermove", (event) => {
    pointer = [event.offsetX, event.offsetY];
    if (!drag) { point(); return; }
    if (drag.whole) { jump(event.offsetX); return; }
    const by = ((drag.x - event.offsetX) / (right() - left)) * (drag.view[1] - drag.view[0]);
    show(drag.view[0] + by, drag.view[1] + by);
  });
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
  const jump = (px) => {
    const at = data.from + ((px - left) / (right() - left)) * (data.until - data.from), half = (view[1] - view[0]) / 2;
    show(at - half, at + half);
  };

  // ---- What is under the pointer ---------------------------------------------------------------------------------------

  const ms = (us) => `${(us / 1000).toFixed(3)} ms`;
  const told = (item) => {
    if (item.fate) return `${lanes[item.lane].name}: ${item.text}\n${FATES[item.fate][1]}\n${seconds(item.from / 1000)}, for ${ms(item.until - item.from)}`;
    if (item.name) return `${lanes[item.lane].name} at ${seconds(item.at / 1000)}\n${item.name} ${item.text}`;
    if (item.what) return `${lanes[item.lane].name}: ${item.more}\n${seconds(item.from / 1000)} to ${seconds(item.until / 1000)}`;
    if (item.more) return `${item.text} at ${seconds(item.at / 1000)}\n${item.more}`;
    return `${item.text}\n${seconds(item.from / 1000)}${item.until == null ? "" : ` to ${seconds(item.until / 1000)}`}`;
  };
  const message = (i) => {
    const [a, b] = [messages.from[i], messages.to[i]].map((lane) => lanes[lane].name), took = messages.took[i];
    const fate = took === LOST ? "never read: its connection ended before" : took < 0 ? "not read when the run ended" : `read after ${ms(took)}`;
    return `${a} → ${b}: ${messages.texts[messages.text[i]]}\nwritten at ${(messages.at[i] / 1e6).toFixed(6)} s, ${fate}\n${messages.kinds[messages.kind[i]][0]}, ${messages.bytes[i]} bytes`;
  };
  const point = () => {
    const [px, py] = pointer;
    const inside = (hit) => px >= hit.a - 1 && px <= hit.b + 1 && py >= hit.top && py <= hit.bottom;
    const mark = hits.filter((hit) => hit.near && inside(hit)).pop();
    let nearest = null, least = 5;
    for (const [i, x1, y1, x2, y2] of mark ? [] : arrowsDrawn) {
      const [dx, dy] = [x2 - x1, y2 - y1], length = dx * dx + dy * dy || 1;
      const t = Math.max(0, Math.min(1, ((px - x1) * dx + (py - y1) * dy) / length));
      const distance = Math.hypot(px - x1 - t * dx, py - y1 - t * dy);
      if (distance < least) { least = distance; nearest = i; }
    }
    const other = hits.filter(inside).pop();
    const words = mark ? told(mark.item) : other && !other.item.what ? told(other.item) : nearest !== null ? message(nearest) : other && told(other.item);
    tip.hidden = !words;
    if (!words) return;
    tip.textContent = words;
    tip.style.left = `${Math.max(0, Math.min(px + 14, width - tip.offsetWidth - 4))}px`;
    tip.style.top = `${py + 18 + tip.offsetHeight > total ? py - tip.offsetHeight - 12 : py + 18}px`;
  };

  // ---- Filters, legend, ways in from the text --------------------------------------------------------------------------

  const counts = messages.kinds.map(() => 0);
  for (const kind of messages.kind) counts[kind] += 1;
  messages.kinds.forEach(([name], i) => {
    if (!counts[i]) return;
    const label = document.createElement("label"), input = document.createElement("input"), swatch = document.createElement("i");
    input.type = "checkbox";
    input.checked = shownKinds[i];
    input.dataset.kind = name;
    input.addEventListener("change", () => { shownKinds[i] = input.checked; draw(); });
    swatch.style.background = `var(--${KIND_COLOURS[i]})`;
    label.append(input, swatch, ` ${name} ${counts[i].toLocaleString("en")}`);
    document.getElementById("kinds").append(label);
  });
  document.getElementById("tools").hidden = false;

  const legend = (shape, ink, words) => {
    const item = document.createElement("li"), swatch = document.createElement("i");
    swatch.className = shape;
    swatch.style.color = `var(--${ink})`;
    item.append(swatch, ` ${words}`);
    document.getElementById("legend").append(item);
  };
  legend("full", "blue", "master, with its replication id");
  legend("hollow", "faint", "replica; epoch of a Sentinel");
  legend("thin", "orange", "leads a failover");
  legend("hatched", "faint", "does not run");
  if (data.operations.length) for (const fate of Object.keys(FATES)) legend({ ok: "full", lost: "struck", failed: "hollow", unknown: "thin" }[fate], FATES[fate][0], `operation ${FATES[fate][1]}`);
  if (messages.at.length) {
    legend("dotted", "ink", "message that had to wait: retransmission, stopped process");
    legend("dashed", "bad", "message that was never read");
  }

  for (const button of document.querySelectorAll("button.goto")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const at = Number(button.dataset.at);
      show(at - 1e6, at + 1e6);
      box.scrollIntoView({ block: "center" });
      box.focus({ preventScroll: true });
    });
  }

  Object.assign(facts, { messages: messages.at.length, lanes: lanes.length });
  paint(look);
})();
