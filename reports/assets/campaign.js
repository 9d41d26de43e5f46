
"use strict";
// Scenarios over seeds: for each the share of runs in which something took no longer than a time, as a curve of steps.
(() => {
  const { data, chart, facts, seconds } = splitbrain;
  const looks = [["blue", "solid"], ["green", "dashed"], ["orange", "solid"], ["vermilion", "dotted"], ["purple", "dashed"]];
  let charts = 0;
  for (const { id, curves } of data.scenarios) {
    if (!curves.length) continue;
    charts += 1;
    chart(`${id}-times`, (colour) => ({
      grid: { left: 56, right: 24, top: 40, bottom: 44 },
      legend: { top: 0, left: 0, type: "plain" },
      tooltip: { trigger: "item", formatter: ({ seriesName, value }) => `${seriesName}\n${seconds(value[0])} or less in ${value[1].toFixed(1)} % of its ${value[2]} runs` },
      xAxis: { type: "value", name: "seconds", nameLocation: "middle", nameGap: 28, min: 0, axisLabel: { color: colour("faint"), formatter: (ms) => ms / 1000 } },
      yAxis: { type: "value", min: 0, max: 100, interval: 25, axisLabel: { color: colour("faint"), formatter: "{value} %" } },
      series: curves.map(({ name, steps, runs }, i) => ({
        type: "line", step: "end", name, symbol: "circle", symbolSize: steps.length > 60 ? 0 : 4, showSymbol: true,
        itemStyle: { color: colour(looks[i][0]) },
        lineStyle: { color: colour(looks[i][0]), type: looks[i][1], width: 2 },
        data: [[steps[0][0], 0, runs], ...steps.map(([value, until]) => [value, (100 * until) / runs, runs])],
      })),
    }));
  }
  facts.charts = charts;
})();
