"use strict";
// Recorded and simulated times of one script.
(() => {
  const { data, chart, facts, repaint } = splitbrain;
  const [script, timing] = ["script", "timing"].map((id) => document.getElementById(id));
  const cells = () => data.scenarios[+script.value]?.[1] ?? [];
  const fill = () => {
    timing.replaceChildren(...cells().map((cell, at) => new Option(`${cell.cell}${cell.passes ? "" : " ✗"}`, at)));
  };
  fill();

  const milliseconds = { name: "ms after the first fault", nameLocation: "middle", nameGap: 30, type: "value", scale: true };
  chart("timing-chart", (colour) => {
    const cell = cells()[+timing.value] ?? { simulated: [], recorded: [] };
    const share = (value) => cell.simulated.filter((other) => other <= value).length / Math.max(cell.simulated.length, 1);
    const steps = cell.simulated.map((value, below) => [value, (below + 1) / cell.simulated.length]);
    return {
      legend: { top: 0 },
      grid: { left: 60, right: 30, top: 40, bottom: 50 },
      tooltip: { formatter: ({ seriesName, value }) => `${seriesName}: ${value[0]} ms\n${Math.round(value[1] * 100)} % of simulated runs are no longer` },
      xAxis: milliseconds,
      yAxis: { type: "value", min: 0, max: 1, axisLabel: { color: colour("faint"), formatter: (part) => `${Math.round(part * 100)} %` } },
      series: [
        { name: "simulated", type: "line", step: "end", showSymbol: false, data: steps, lineStyle: { color: colour("blue") }, itemStyle: { color: colour("blue") } },
        { name: "recorded", type: "scatter", symbol: "diamond", symbolSize: 12, data: cell.recorded.map((value) => [value, share(value)]), itemStyle: { color: colour("orange"), borderColor: colour("ink"), borderWidth: 1 } },
      ],
    };
  });

  chart("spread-chart", (colour) => {
    const all = cells().filter((cell) => cell.simulated.length);
    const at = (sorted, share) => sorted[Math.round(share * (sorted.length - 1))];
    return {
      legend: { top: 0 },
      grid: { left: 210, right: 30, top: 40, bottom: 50 },
      tooltip: {},
      xAxis: milliseconds,
      yAxis: { type: "category", inverse: true, data: all.map((cell) => `${cell.cell}${cell.passes ? "" : " ✗"}`) },
      series: [
        {
          name: "simulated", type: "boxplot", itemStyle: { color: "transparent", borderColor: colour("blue"), borderWidth: 1.5 },
          data: all.map(({ simulated }) => [0, 0.25, 0.5, 0.75, 1].map((share) => at(simulated, share))),
        },
        {
          name: "recorded", type: "scatter", symbol: "diamond", symbolSize: 8, itemStyle: { color: colour("orange") },
          data: all.flatMap((cell, row) => cell.recorded.map((value) => [value, row])),
        },
      ],
    };
  });

  script.addEventListener("change", () => { fill(); repaint(); });
  timing.addEventListener("change", repaint);
  facts.scripts = data.scenarios.length;
})();
