
"use strict";
// What every page can do: its data, colours that follow the theme, drawings that follow the size, commands that can be copied.
// A page's own script runs after this one. Nothing is kept and nothing is fetched.
const splitbrain = (() => {
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById("data").textContent);
  const painters = [];
  // Numbers a page tells about itself; tests read them as `window.__ready`.
  const facts = {};

  // A colour of the style sheet by its name (`good`, `blue`, …) as it is in the theme that is shown.
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const colour = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };

  // Calls a function now, and again when the theme or the size of the window changes.
  const paint = (painter) => {
    painters.push(painter);
    painter();
  };
  const repaint = () => painters.forEach((painter) => painter());

  // A chart of ECharts in the element with this id. `option` makes its options, anew for each theme; it need not speak of
  // animation, fonts or the colours of text. Tooltips are drawn, not written as HTML, which would need inline styles.
  const chart = (id, option) => {
    const element = document.getElementById(id);
    if (!element) return null;
    const drawn = echarts.init(element, null, { renderer: "canvas" });
    const fontFamily = getComputedStyle(document.body).fontFamily;
    const themed = (options) => {
      const [ink, faint, line, paper] = ["ink", "faint", "line", "paper"].map(colour);
      const axis = (its) => ({
        nameTextStyle: { color: faint }, axisLabel: { color: faint }, axisLine: { lineStyle: { color: line } },
        axisTick: { lineStyle: { color: line } }, splitLine: { lineStyle: { color: line, opacity: 0.6 } }, ...its,
      });
      const each = (of, make) => (Array.isArray(of) ? of.map(make) : of && make(of));
      return {
        ...options,
        animation: false,
        textStyle: { fontFamily, color: ink },
        tooltip: options.tooltip && {
          confine: true, backgroundColor: paper, borderColor: line, textStyle: { color: ink }, ...options.tooltip,
          renderMode: "richText",
        },
        legend: options.legend && { textStyle: { color: ink }, ...options.legend },
        xAxis: each(options.xAxis, axis),
        yAxis: each(options.yAxis, axis),
      };
    };
    paint(() => {
      drawn.setOption(themed(option(colour)), true);
      drawn.resize();
    });
    return drawn;
  };

  // Seconds with milliseconds, of a number of milliseconds.
  const seconds = (ms) => `${(ms / 1000).toFixed(3)} s`;

  const button = document.getElementById("theme");
  const preferred = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : preferred.matches);
  const named = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Show in light colours" : "Show in dark colours");
  };
  const show = (theme) => {
    if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
    named();
    repaint();
  };
  button.hidden = false;
  button.addEventListener("click", () => show(isDark() ? "light" : "dark"));
  preferred.addEventListener("change", () => show(root.dataset.theme));
  named();

  // On paper everything is light, drawings too.
  let before;
  addEventListener("beforeprint", () => { before = root.dataset.theme; show("light"); });
  addEventListener("afterprint", () => show(before));

  let waits = 0;
  addEventListener("resize", () => { cancelAnimationFrame(waits); waits = requestAnimationFrame(repaint); });

  for (const copy of document.querySelectorAll("button.copy")) {
    const code = copy.previousElementSibling;
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        copy.textContent = "Copied";
      } catch {
        // Files may have no clipboard: what is selected can be copied by hand.
        getSelection().selectAllChildren(code);
        copy.textContent = "Selected";
      }
      setTimeout(() => { copy.textContent = "Copy"; }, 1500);
    });
  }

  addEventListener("load", () => { window.__ready = { ms: Math.round(performance.now()), ...facts }; });
  return { data, facts, colour, paint, repaint, chart, seconds };
})();
