// Charts get their options here, as plain objects: through Vue's proxies each answer would take several times as long.
(() => {
  "use strict";
  // A key that begins with a colon holds the text of a function; all of them are constants of charts.py.
  const alive = value => {
    if (Array.isArray(value)) {
      if (typeof value[0] === "object") value.forEach(alive);
    } else if (value && typeof value === "object")
      for (const key of Object.keys(value)) {
        if (key[0] !== ":") {
          alive(value[key]);
          continue;
        }
        value[key.slice(1)] = new Function(`return (${value[key]})`)();
        delete value[key];
      }
    return value;
  };
  const wanted = {};
  const put = id => {
    const chart = (window.getElement && getElement(id) || {}).chart;
    if (!chart) {
      setTimeout(put, 20, id);
      return;
    }
    const option = wanted[id];
    if (!option) return;
    delete wanted[id];
    const before = (chart.getOption() || {}).series || [];
    chart.setOption(option, { notMerge: before.length !== option.series.length });
  };
  // id of an element -> its new options; the first is painted before the others are drawn
  window.flywheelCharts = options => {
    const [first, ...others] = Object.keys(options);
    for (const id in options) wanted[id] = alive(options[id]);
    put(first);
    performance.mark("flywheel: first chart");
    setTimeout(() => {
      others.forEach(put);
      performance.mark("flywheel: all charts");
    }, 20);
  };
})();
