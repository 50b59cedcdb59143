// Draws the charts of the overview from the figures in their data attributes. Without it the tables remain.
(() => {
  "use strict";
  const ZONE = "Europe/Amsterdam";
  const LANGUAGE = document.documentElement.lang || "nl";
  const charts = new Map();

  const format = (options) => {
    const found = new Intl.DateTimeFormat(LANGUAGE, { timeZone: ZONE, ...options });
    return (seconds) => found.format(new Date(seconds * 1000)).replaceAll(".", "");
  };
  const hour = format({ hour: "2-digit", minute: "2-digit" });
  const day = format({ day: "numeric", month: "short" });
  const weekday = format({ weekday: "short", day: "numeric", month: "short" });
  const number = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 0 });
  const signed = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 0, signDisplay: "exceptZero" });

  // Distances between the labels below a chart, in seconds: whole hours, days or weeks.
  const STEPS = {
    hour: [1, 2, 3, 4, 6, 12, 24, 48].map((hours) => hours * 3600),
    day: [1, 2, 3, 5, 7, 14, 28, 56].map((days) => days * 86400),
    week: [1, 2, 4, 8, 13, 26, 52].map((weeks) => weeks * 604800),
  };

  const colour = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();

  function title(by, start, words) {
    if (by === "hour") return `${weekday(start)}, ${hour(start)}–${hour(start + 3600)}`;
    return by === "week" ? `${words.week} ${day(start)}` : weekday(start);
  }

  function axes(element, by, show) {
    const soft = colour(element, "--soft");
    const line = colour(element, "--line");
    const text = { stroke: soft, font: "12px system-ui, sans-serif", ticks: { show: false } };
    return [
      {
        ...text,
        grid: { show: false },
        size: 30,
        space: 64,
        incrs: STEPS[by],
        values: (_, splits) => splits.map((at) => (by === "hour" ? (hour(at) === "00:00" ? day(at) : hour(at)) : day(at))),
      },
      {
        ...text,
        size: 44,
        grid: { stroke: line, width: 1 },
        space: 38,
        incrs: [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000, 1e4, 2e4, 5e4, 1e5, 1e6],
        values: (_, splits) => splits.map((value) => show.format(value)),
      },
    ];
  }

  // Bars begin at their step's start and fill it: an hour, a day of 23 to 25 hours, a week.
  function bars(chart, series, ends, holes, deaf, hatch) {
    const { ctx } = chart;
    const [left, top, width, height] = [chart.bbox.left, chart.bbox.top, chart.bbox.width, chart.bbox.height];
    const xs = chart.data[0];
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.clip();
    xs.forEach((start, index) => {
      const from = chart.valToPos(start, "x", true);
      const to = chart.valToPos(ends[index], "x", true);
      const gap = Math.min(4, (to - from) * 0.14);
      if (holes.has(index)) stripes(ctx, from, to, top, height, hatch, deaf.has(index) ? 0.55 : 0.2);
      let level = 0;
      for (const { values, fill } of series) {
        const value = values[index];
        if (!value) continue;
        const low = chart.valToPos(level, "y", true);
        const high = chart.valToPos(level + value, "y", true);
        ctx.fillStyle = fill;
        ctx.fillRect(from + gap / 2, high, Math.max(1, to - from - gap), low - high);
        level += value;
      }
    });
    ctx.restore();
  }

  function stripes(ctx, from, to, top, height, stroke, alpha) {
    ctx.save();
    ctx.beginPath();
    ctx.rect(from, top, to - from, height);
    ctx.clip();
    ctx.strokeStyle = stroke;
    ctx.globalAlpha = alpha;
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    // One grid of stripes for the whole chart, so that neighbours run on.
    for (let x = Math.floor((from - height) / 9) * 9; x < to; x += 9) {
      ctx.moveTo(x, top + height);
      ctx.lineTo(x + height, top);
    }
    ctx.stroke();
    ctx.restore();
  }

  function tip(element, describe) {
    const box = document.createElement("div");
    box.className = "tip";
    box.hidden = true;
    return {
      hooks: {
        init: [(chart) => chart.over.appendChild(box)],
        setCursor: [
          (chart) => {
            const { idx, left, top } = chart.cursor;
            box.hidden = idx == null || left < 0;
            if (box.hidden) return;
            box.textContent = describe(idx);
            const room = chart.over.clientWidth;
            box.style.left = left > room / 2 ? "auto" : `${left + 14}px`;
            box.style.right = left > room / 2 ? `${room - left + 14}px` : "auto";
            box.style.top = `${Math.max(0, Math.min(top, chart.over.clientHeight - box.offsetHeight))}px`;
          },
        ],
      },
    };
  }

  // The step under the pointer, not the nearest start.
  const under = (ends) => (chart, _, closest, at) => {
    if (closest > 0 && at < chart.data[0][closest]) return closest - 1;
    return closest + 1 < chart.data[0].length && at >= ends[closest] ? closest + 1 : closest;
  };

  function volume(element, data, words, by) {
    const names = ["negative", "neutral", "positive", "unjudged"];
    const fills = { negative: "--negative", neutral: "--neutral", positive: "--positive", unjudged: "--line-strong" };
    const series = names.map((name) => ({ values: data[name], fill: colour(element, fills[name]) }));
    const totals = data.x.map((_, index) =>
      data.negative[index] == null ? null : names.reduce((sum, name) => sum + (data[name][index] || 0), 0));
    const holes = new Set(data.holes);
    const deaf = new Set(data.deaf);
    const hatch = colour(element, "--alarm");
    const describe = (index) =>
      [
        title(by, data.x[index], words),
        ...(totals[index] == null ? [] : names.filter((name) => name !== "unjudged" || data[name][index])
          .map((name) => `${words[name]}: ${number.format(data[name][index] || 0)}`)),
        ...(deaf.has(index) ? [words.deaf] : holes.has(index) ? [words.holed] : []),
      ].join("\n");
    const most = Math.max(4, ...totals.map((value) => value || 0));
    return new uPlot(
      {
        ...size(element),
        plugins: [tip(element, describe)],
        legend: { show: false },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), ZONE),
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, dataIdx: under(data.ends) },
        scales: {
          x: { range: () => [data.x[0], data.ends[data.ends.length - 1]] },
          y: { range: () => [0, most * 1.06] },
        },
        axes: axes(element, by, number),
        series: [{}, { paths: () => null, points: { show: false } }],
        hooks: { drawSeries: [(chart) => bars(chart, series, data.ends, holes, deaf, hatch)] },
      },
      [data.x, totals],
      element,
    );
  }

  function net(element, data, words, by) {
    const dashes = [[], [6, 4], [2, 3], [10, 4, 2, 4], [1, 3], [12, 4]];
    const describe = (index) =>
      [
        title(by, data.x[index], words),
        ...data.series.map(({ name, values }) => `${name}: ${values[index] == null ? "–" : signed.format(values[index])}`),
      ].join("\n");
    const lines = data.series.map((_, index) => ({
      stroke: colour(element, `--s${index % 6}`),
      width: index === 0 ? 2.5 : 2,
      dash: dashes[index % dashes.length],
      spanGaps: false,
      points: { show: true, size: 5, fill: colour(element, `--s${index % 6}`) },
    }));
    return new uPlot(
      {
        ...size(element),
        plugins: [tip(element, describe)],
        legend: { show: false },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), ZONE),
        cursor: { y: false, drag: { x: false, y: false } },
        scales: {
          x: { range: () => [data.x[0], data.ends[data.ends.length - 1]] },
          y: { range: () => [-100, 100] },
        },
        axes: axes(element, by, signed),
        series: [{}, ...lines],
      },
      [data.x, ...data.series.map(({ values }) => values)],
      element,
    );
  }

  const size = (element) => ({ width: element.clientWidth, height: element.clientHeight });

  function draw(element) {
    charts.get(element)?.destroy();
    const data = JSON.parse(element.dataset.chart);
    if (!data.x.length) return;
    const make = element.dataset.kind === "volume" ? volume : net;
    charts.set(element, make(element, data, JSON.parse(element.dataset.words), element.dataset.by));
  }

  function drawAll() {
    for (const element of charts.keys()) if (!element.isConnected) charts.delete(element);
    document.querySelectorAll(".chart[data-chart]").forEach(draw);
  }

  const resized = new Map();
  window.addEventListener("resize", () => {
    clearTimeout(resized.get("timer"));
    resized.set("timer", setTimeout(() => charts.forEach((chart, element) => chart.setSize(size(element))), 100));
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  document.addEventListener("htmx:afterSettle", drawAll);
  document.addEventListener("htmx:historyRestore", drawAll);
  drawAll();
})();
