"use strict";
// The charts of a sweep: the front, one figure over two settings, how long nobody can write.
(() => {
  const { data, chart, facts } = splitbrain;
  const chosen = (id) => document.getElementById(id).value;
  const onChange = (ids, act) => ids.forEach((id) => document.getElementById(id).addEventListener("change", act));
  const cellOf = (environment, point) => data.cells[environment * data.points.length + point];
  const shown = (axis, place) => (place === null ? data.axes[axis].own : data.axes[axis].values[place]);
  const settings = (point) => data.axes.map((axis, at) => `${axis.name} ${shown(at, data.points[point][at])}`).join("\n");

  const time = (ms) => {
    if (ms < 1000) return `${Math.round(ms)} ms`;
    if (ms < 100000) return `${(ms / 1000).toFixed(2)} s`;
    return ms < 6e6 ? `${(ms / 60000).toFixed(1)} min` : `${(ms / 3.6e6).toFixed(1)} h`;
  };
  const number = (milli) => (milli === 0 || milli >= 1e5 ? Math.round(milli / 1000).toString() : `${+(milli / 1000).toPrecision(3)}`);
  const show = (figure, value) => (data.figures[figure].time ? time(value) : number(value));
  const told = (cell) => data.figures.map((figure, at) => `${figure.name}: ${show(at, cell.figures[at])}`).join("\n");

  // Amounts differ by powers of ten, and may be none at all: zero has a place of its own below the smallest.
  const powers = (values) => {
    const least = Math.min(...values.filter((value) => value > 0));
    const zero = Number.isFinite(least) ? Math.floor(Math.log10(least)) - 1 : -1;
    return { place: (value) => (value > 0 ? Math.log10(value) : zero), value: (place) => (place <= zero ? 0 : 10 ** place), zero };
  };

  const [OUTAGE, LOST] = [0, 1];
  const front = chart("front-chart", (colour) => {
    const environment = +chosen("front-environment");
    const points = data.points.map((_, point) => ({ point, cell: cellOf(environment, point) }));
    const scale = powers(points.map(({ cell }) => cell.figures[LOST]));
    const item = ({ point, cell }) => ({ value: [cell.figures[OUTAGE] / 60000, scale.place(cell.figures[LOST])], point, cell });
    const marked = (point) => (point === null ? [] : [item({ point, cell: cellOf(environment, point) })]);
    const rest = points.filter(({ point }) => point !== data.current && point !== data.recommended);
    // Of the front, which also heeds false failovers, the part that is one in these two figures.
    let best = Infinity;
    const line = points.filter(({ cell }) => cell.front).map(item)
      .sort((a, b) => a.value[0] - b.value[0] || a.value[1] - b.value[1])
      .filter(({ value }) => value[1] < best && ((best = value[1]), true));
    const series = (name, symbol, size, fill, items, more) => ({
      name, type: "scatter", symbol, symbolSize: size, data: items, itemStyle: { color: fill, opacity: 0.85 }, ...more,
    });
    const label = (text) => ({ label: { show: true, formatter: text, position: "right", color: colour("ink"), fontWeight: "bold" }, z: 5 });
    return {
      legend: { top: 0 },
      grid: { left: 70, right: 30, top: 40, bottom: 50 },
      tooltip: { formatter: ({ data: it }) => (it.cell ? `${settings(it.point)}\n\n${told(it.cell)}` : "") },
      xAxis: { name: "without writes, minutes a year", nameLocation: "middle", nameGap: 30, type: "value", scale: true },
      yAxis: {
        name: "writes lost a year", type: "value", min: scale.zero, minInterval: 1, interval: 1,
        axisLabel: { color: colour("faint"), formatter: (place) => number(scale.value(place)) },
      },
      series: [
        { name: "front", type: "line", step: "end", showSymbol: false, data: line, lineStyle: { color: colour("faint"), type: "dashed" }, itemStyle: { color: colour("faint") } },
        series("promise kept", "circle", 10, colour("blue"), rest.filter(({ cell }) => cell.kept).map(item)),
        series("promise broken", "emptyTriangle", 10, colour("orange"), rest.filter(({ cell }) => !cell.kept).map(item)),
        series("now", "diamond", 18, colour("purple"), marked(data.current), label("now")),
        series("recommended", "pin", 30, colour("green"), data.recommended === data.current ? [] : marked(data.recommended), label("recommended")),
      ],
    };
  });

  const start = data.points[data.recommended ?? data.current];
  const map = chart("map-chart", (colour) => {
    const [environment, x, y, figure] = ["map-environment", "map-x", "map-y", "map-figure"].map((id) => +chosen(id));
    const fixed = chosen("map-others") === "fixed";
    const found = new Map();
    data.points.forEach((places, point) => {
      const others = places.every((place, axis) => axis === x || axis === y || place === start[axis]);
      const cell = cellOf(environment, point);
      if (places[x] === null || places[y] === null || (fixed && !others)) return;
      const key = `${places[x]}/${places[y]}`;
      const at = found.get(key) ?? { x: places[x], y: places[y], sum: 0, count: 0, kept: true, points: [] };
      at.sum += cell.figures[figure];
      at.count += 1;
      at.kept &&= cell.kept;
      at.points.push(point);
      found.set(key, at);
    });
    const items = [...found.values()].map((it) => ({ ...it, mean: it.sum / it.count }));
    const scale = powers(items.map((it) => it.mean));
    const places = items.map((it) => scale.place(it.mean));
    const [low, high] = [Math.min(...places), Math.max(...places)];
    const mark = (it) => (it.points.includes(data.recommended) ? "→ " : it.points.includes(data.current) ? "now " : "");
    const dark = (place) => high > low && (place - low) / (high - low) > 0.55;
    return {
      grid: { left: 120, right: 20, top: 30, bottom: 55 },
      tooltip: {
        formatter: ({ data: { it } }) =>
          `${data.axes[x].name} ${shown(x, it.x)}${x === y ? "" : `\n${data.axes[y].name} ${shown(y, it.y)}`}\n` +
          `${data.figures[figure].name}: ${show(figure, it.mean)}${it.count > 1 ? `, mean of ${it.count}` : ""}\n` +
          `${it.kept ? "promise kept" : "promise broken"}${it.count === 1 ? `\n\n${told(cellOf(environment, it.points[0]))}` : ""}`,
      },
      xAxis: { type: "category", name: data.axes[x].name, nameLocation: "middle", nameGap: 30, data: data.axes[x].values },
      yAxis: { type: "category", name: x === y ? "" : data.axes[y].name, data: x === y ? [""] : data.axes[y].values },
      visualMap: { show: false, type: "continuous", dimension: 2, min: low, max: Math.max(high, low + 1e-9), inRange: { color: ["#e8f1fa", "#9ecae1", "#4292c6", "#08519c", "#08306b"] } },
      series: [{
        type: "heatmap",
        data: items.map((it, at) => ({
          value: [it.x, x === y ? 0 : it.y, places[at]], it,
          label: { color: dark(places[at]) ? "#ffffff" : "#1a1e24" },
        })),
        label: { show: items.length <= 150, formatter: ({ data: { it } }) => `${mark(it)}${show(figure, it.mean)}${it.kept ? "" : " ✗"}` },
        itemStyle: { borderColor: colour("paper"), borderWidth: 2 },
      }],
    };
  });

  const gaps = chart("gaps-chart", (colour) => {
    const [environment, failure] = [+chosen("gaps-environment"), +chosen("gaps-failure")];
    const styles = [["purple", "solid"], ["green", "solid"], ["blue", "dashed"], ["orange", "dotted"], ["sky", "dashed"], ["vermilion", "dotted"]];
    const curves = data.curves.filter((curve) => curve.environment === environment);
    return {
      legend: { top: 0, type: "scroll" },
      grid: { left: 60, right: 30, top: 40, bottom: 50 },
      tooltip: { trigger: "item", formatter: ({ seriesName, value }) => `${seriesName}\n${(value[1] * 100).toFixed(0)} % of runs: at most ${time(value[0] * 1000)}` },
      xAxis: { name: "seconds without an acknowledged write", nameLocation: "middle", nameGap: 30, type: "value", min: 0 },
      yAxis: { name: "share of runs", type: "value", min: 0, max: 1, axisLabel: { color: colour("faint"), formatter: (share) => `${Math.round(share * 100)} %` } },
      series: curves.map((curve, at) => {
        const [name, type] = styles[Math.min(at, styles.length - 1)];
        const sorted = curve.gaps[failure];
        const steps = sorted.map((gap, below) => [gap / 1000, (below + 1) / sorted.length]);
        return {
          name: curve.name, type: "line", step: "end", symbolSize: 6, showSymbol: sorted.length <= 30, data: [[steps[0]?.[0] ?? 0, 0], ...steps],
          lineStyle: { color: colour(name), type, width: 2 }, itemStyle: { color: colour(name) },
        };
      }),
    };
  });

  const drawn = { front, map, gaps };
  onChange(["front-environment", "map-environment", "map-x", "map-y", "map-figure", "map-others", "gaps-environment", "gaps-failure"], () => splitbrain.repaint());
  facts.cells = data.cells.length;
  facts.charts = Object.values(drawn).filter(Boolean).length;
})();
