"use strict";
// How long nobody can write, by failure.
(() => {
  const { data, chart, facts, seconds } = splitbrain;
  data.forEach((bars, at) => {
    const element = document.getElementById(`bars-${at}`);
    if (element) element.style.height = `${bars.failures.length * 34 + 80}px`;
    chart(`bars-${at}`, (colour) => ({
      legend: { top: 0 },
      grid: { left: 10, right: 30, top: 36, bottom: 36 },
      tooltip: { formatter: ({ name, seriesName, value }) => `${name}\n${seriesName}: ${seconds(value * 1000)}` },
      xAxis: { type: "value", name: "seconds", nameLocation: "middle", nameGap: 26 },
      yAxis: { type: "category", inverse: true, data: bars.failures },
      series: [["median", "blue"], ["worst", "orange"]].map(([key, name]) => ({
        name: key, type: "bar", barGap: "10%", data: bars[key].map((ms) => ms / 1000), itemStyle: { color: colour(name) },
      })),
    }));
  });
  facts.deployments = data.length;
})();
