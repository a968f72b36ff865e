// The Watch screen: one run, week by week.  Everything is drawn from one JSON object; text goes in as text only.
(() => {
  "use strict";
  const NS = "http://www.w3.org/2000/svg";
  const INK = "#1b2230", MUTED = "#5d6679", GRID = "#e3e7ee", FAINT = "#7d879a";
  const BLUE = "#0072B2", ORANGE = "#D55E00", GREEN = "#009E73", SKY = "#3A8FC4";
  const KINDS = { good: GREEN, bad: ORANGE, change: BLUE, team: MUTED };
  const PARTS = [["attract", "Attract", BLUE], ["engage", "Engage", GREEN], ["delight", "Delight", ORANGE]];
  const VOICES = [["a", "advocate", GREEN], ["n", "neutral", SKY], ["d", "detractor", ORANGE], ["f", "lost", MUTED],
    ["p", "prospect", FAINT]];
  const MINUS = "\u2212";

  const number = (v, digits = 3) => v == null || !isFinite(v) ? "\u2014" :
    (v < 0 ? MINUS : "") + Math.abs(v).toLocaleString("en-US", { maximumSignificantDigits: digits });
  const money = v => {
    if (v == null || !isFinite(v)) return "\u2014";
    const a = Math.abs(v), s = v < 0 ? MINUS : "";
    for (const [scale, unit] of [[1e9, "bn"], [1e6, "m"], [1e3, "k"]])
      if (a >= scale) return s + "$" + (a / scale).toFixed(a / scale >= 100 ? 0 : 1) + unit;
    return s + "$" + a.toFixed(0);
  };
  const svg = (tag, given, parent, text) => {
    const made = document.createElementNS(NS, tag);
    for (const key in given) made.setAttribute(key, given[key]);
    if (text != null) made.textContent = text;
    if (parent) parent.appendChild(made);
    return made;
  };
  const html = (tag, name, parent, text) => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text != null) made.textContent = text;
    if (parent) parent.appendChild(made);
    return made;
  };
  const picture = (parent, box, alt) => {
    const made = svg("svg", { viewBox: box, role: "img", "aria-label": alt, class: "fw-picture" }, parent);
    svg("title", {}, made, alt);
    return made;
  };
  const polar = (r, degrees) => {
    const a = (degrees - 90) * Math.PI / 180;
    return [r * Math.cos(a), r * Math.sin(a)];
  };

  // A part of the ring, from one angle to another, with an arrow's point at its end.
  const arc = (r, thick, from, to) => {
    const [a, b] = [r - thick / 2, r + thick / 2], tip = 13, large = to - from > 180 ? 1 : 0;
    const [p, q, s, t] = [polar(b, from), polar(b, to), polar(a, to), polar(a, from)], m = polar(r, to + tip),
      n = polar(r, from + tip);
    return `M${p}A${b} ${b} 0 ${large} 1 ${q}L${m}L${s}A${a} ${a} 0 ${large} 0 ${t}L${n}Z`;
  };

  const symbol = { // state -> path: a shape of its own, so that colour is not all there is
    a: "M0-5.6A5.6 5.6 0 1 1 0 5.6A5.6 5.6 0 1 1 0-5.6Z", n: "M0-4A4 4 0 1 1 0 4A4 4 0 1 1 0-4Z",
    d: "M0-6L6 0L0 6L-6 0Z", f: "M0-3.4A3.4 3.4 0 1 1 0 3.4A3.4 3.4 0 1 1 0-3.4Z",
    p: "M0-2.6A2.6 2.6 0 1 1 0 2.6A2.6 2.6 0 1 1 0-2.6Z",
  };
  const inked = (node, state) => {
    const tint = VOICES.find(v => v[0] === state)[2];
    node.setAttribute("d", symbol[state]);
    node.setAttribute("fill", state === "f" ? "#ffffff" : tint);
    node.setAttribute("stroke", state === "f" ? tint : "#ffffff");
    node.setAttribute("stroke-width", state === "f" ? 1.6 : 0.8);
  };

  class Watch {
    constructor(host, data) {
      this.data = data;
      this.week = 0;
      this.pictures = {};
      this.playing = false;
      this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      host.replaceChildren();
      this.root = html("div", "fw-root", host);
      this.player();
      const stage = html("div", "fw-stage", this.root);
      this.wheel(this.panel(stage, "The wheel", "turns with referrals and expansions; its parts are as thick as they are strong"));
      this.compass(this.panel(stage, "Where the teams pull", "straight up is what customers need"));
      this.network(this.panel(stage, "A piece of the market", `${data.network.x.length} accounts and who talks to whom`));
      this.happenings(this.panel(stage, "What happens", "choose one to go there"));
      this.at(0);
    }

    panel(parent, title, note) {
      const made = html("section", "fs-card fw-panel", parent);
      html("div", "fs-title", made, title);
      html("div", "fs-sub", made, note);
      return made;
    }

    // --- time

    player() {
      const box = html("div", "fs-card fw-player", this.root), row = html("div", "fw-row", box);
      this.button = html("button", "fw-button", row, "Play");
      this.button.type = "button";
      this.button.onclick = () => this.play(!this.playing);
      this.label = html("div", "fw-week", row, "week 0");
      const facts = html("div", "fw-facts", row);
      this.facts = {};
      for (const [key, word] of [["customers", "customers"], ["value", "value to date"], ["nps", "NPS"],
        ["speed", "wheel, %/week"], ["lost", "lost, %/week"], ["friction", "friction"]]) {
        const fact = html("div", "fw-fact", facts);
        this.facts[key] = html("b", "", fact, "");
        html("span", "", fact, word);
      }
      const pace = html("select", "fw-pace", row);
      pace.setAttribute("aria-label", "Weeks a second");
      for (const weeks of [2, 4, 8, 16, 32]) {
        const option = html("option", "", pace, `${weeks} weeks/s`);
        option.value = weeks;
        option.selected = weeks === 8;
      }
      this.pace = 8;
      pace.onchange = () => { this.pace = Number(pace.value); };
      const weeks = this.data.weeks, series = this.data.wheel.customers, last = series.length - 1,
        strip = picture(box, "0 0 1000 46", `Customers by week: ${number(series[0], 6)} in week 0, ${number(series[last], 6)} in week ${last}`);
      strip.classList.add("fw-strip");
      strip.setAttribute("preserveAspectRatio", "none");
      const top = Math.max(...series, 1);
      const points = series.map((v, t) => `${(1000 * t / weeks).toFixed(1)},${(44 - 40 * v / top).toFixed(1)}`);
      svg("path", { d: `M0,46L${points.join("L")}L1000,46Z`, fill: "#e4eef6" }, strip);
      svg("path", { d: `M${points.join("L")}`, fill: "none", stroke: BLUE, "stroke-width": 2, "vector-effect": "non-scaling-stroke" }, strip);
      for (const [week, , kind] of this.data.events)
        svg("line", { x1: 1000 * week / weeks, x2: 1000 * week / weeks, y1: 0, y2: 46, stroke: KINDS[kind],
          "stroke-width": 1.2, "stroke-dasharray": "2 3", "vector-effect": "non-scaling-stroke" }, strip);
      this.head = svg("line", { x1: 0, x2: 0, y1: 0, y2: 46, stroke: INK, "stroke-width": 2, "vector-effect": "non-scaling-stroke" }, strip);
      strip.onclick = e => {
        const box = strip.getBoundingClientRect();
        this.seek(Math.round(weeks * (e.clientX - box.left) / box.width));
      };
      this.range = html("input", "fw-range", box);
      Object.assign(this.range, { type: "range", min: 0, max: weeks, step: 1, value: 0 });
      this.range.setAttribute("aria-label", "Week");
      this.range.oninput = () => this.seek(Number(this.range.value));
    }

    play(on) {
      if (on && this.week >= this.data.weeks) this.week = 0;
      this.playing = on;
      this.button.textContent = on ? "Pause" : "Play";
      this.before = null;
      if (on) requestAnimationFrame(now => this.frame(now));
    }

    frame(now) {
      if (!this.playing || !this.root.isConnected) return;
      if (this.before != null) this.at(this.week + Math.min(now - this.before, 250) / 1000 * this.pace);
      this.before = now;
      if (this.week >= this.data.weeks) this.play(false);
      else requestAnimationFrame(next => this.frame(next));
    }

    seek(week) {
      this.play(false);
      this.at(week);
    }

    at(week) {
      const last = this.data.weeks;
      this.week = Math.max(0, Math.min(week, last));
      const whole = Math.floor(this.week), part = this.still ? 0 : this.week - whole;
      this.turn(whole, part);
      if (whole === this.shown) return;
      this.shown = whole;
      const w = this.data.wheel;
      this.label.textContent = `week ${whole}`;
      this.range.value = whole;
      this.range.setAttribute("aria-valuetext", `week ${whole} of ${last}`);
      const x = 1000 * whole / last;
      this.head.setAttribute("x1", x);
      this.head.setAttribute("x2", x);
      this.facts.customers.textContent = number(w.customers[whole], 6);
      this.facts.value.textContent = money(w.value[whole]);
      this.facts.nps.textContent = number(w.nps[whole] == null ? null : Math.round(w.nps[whole]));
      for (const key of ["speed", "lost"]) this.facts[key].textContent = w[key][whole] == null ? "\u2014" : w[key][whole].toFixed(2);
      this.facts.friction.textContent = number(w.friction[whole], 2);
      this.strengths(whole);
      this.point(whole);
      this.voices(whole);
      this.happen(whole);
      this.describe(whole);
    }

    // what the pictures show, in words, for those who cannot see them
    describe(week) {
      const w = this.data.wheel, c = this.data.compass, say = (name, text) =>
        this.pictures[name] && this.pictures[name].setAttribute("aria-label", `Week ${week}: ${text}`);
      say("wheel", `the wheel turns ${(w.speed[week] || 0).toFixed(2)} % and loses ${(w.lost[week] || 0).toFixed(2)} % a week; ` +
        PARTS.map(([, word], k) => `${word} ${this.keys[k].textContent}`).join("; ") + `; friction ${number(w.friction[week], 2)}`);
      if (c && c.angle.length) say("compass", "angle to what customers need: " + c.teams.map((name, k) =>
        `${name} ${Math.abs(c.angle[Math.max(0, week - 1)][k]).toFixed(0)} degrees`).join(", "));
      say("network", VOICES.map(([state, word]) => `${this.counts[state].textContent} ${word}`).join(", "));
    }

    // --- the wheel

    wheel(panel) {
      const made = this.pictures.wheel = picture(panel, "-150 -146 300 292", "The wheel of attract, engage and delight");
      this.brake = svg("circle", { r: 134, fill: "none", stroke: FAINT, "stroke-dasharray": "2 7" }, made);
      this.ring = svg("g", {}, made);
      this.arcs = PARTS.map(([, , tint]) => svg("path", { fill: tint }, this.ring));
      this.speed = svg("text", { y: -6, "text-anchor": "middle", "font-size": 30, "font-weight": 700, fill: INK }, made);
      svg("text", { y: 16, "text-anchor": "middle", "font-size": 12.5, fill: MUTED }, made, "% a week");
      this.loss = svg("text", { y: 36, "text-anchor": "middle", "font-size": 12.5, fill: MUTED }, made);
      const key = html("div", "fw-key", panel);
      this.keys = PARTS.map(([, word, tint]) => {
        const row = html("div", "", key), dot = html("i", "fs-dot", row);
        dot.style.background = tint;
        html("b", "", row, word);
        return html("span", "", row, "");
      });
      this.tops = PARTS.map(([name]) => Math.max(...this.data.wheel[name].filter(v => v != null), 1e-9));
      html("div", "fs-sub", panel, "The dotted rim is friction at handoffs: the wider, the more.");
    }

    strengths(week) {
      const w = this.data.wheel, said = [v => `${number(v, 2)} won a week`, v => `${number(100 * v, 3)} % of touches succeed`,
        v => `${number(100 * v, 2)} % speak well`];
      PARTS.forEach(([name], k) => {
        const value = w[name][week];
        const share = value == null ? 0 : name === "engage" ? Math.max(0, (value - 0.6) / 0.4) : value / this.tops[k];
        this.arcs[k].setAttribute("d", arc(98, 10 + 34 * Math.min(1, share), k * 120 + 5, k * 120 + 103));
        this.keys[k].textContent = value == null ? "\u2014" : said[k](value);
      });
      this.speed.textContent = (w.speed[week] || 0).toFixed(2);
      this.loss.textContent = `loses ${(w.lost[week] || 0).toFixed(2)} %`;
      const rub = Math.min(1, (w.friction[week] || 0) / 0.25);
      this.brake.setAttribute("stroke-width", (1 + 17 * rub).toFixed(1));
    }

    turn(week, part) {
      const angle = this.data.wheel.turn, next = angle[Math.min(week + 1, angle.length - 1)];
      this.ring.setAttribute("transform", `rotate(${(angle[week] + part * (next - angle[week])).toFixed(2)})`);
    }

    // --- the compass

    compass(panel) {
      const c = this.data.compass;
      if (!c) {
        html("p", "fs-sub", panel, "This scenario has no teams.");
        return;
      }
      const made = this.pictures.compass = picture(panel, "-150 -146 300 292", "Compass of the teams' directions");
      for (const r of [40, 80, 120]) svg("circle", { r, fill: "none", stroke: GRID }, made);
      svg("line", { y1: 120, y2: -120, stroke: GRID }, made);
      svg("line", { x1: -120, x2: 120, stroke: GRID }, made);
      svg("path", { d: "M0-138L6-126L-6-126Z", fill: INK }, made);
      svg("text", { x: -148, y: 140, "font-size": 12.5, fill: MUTED, "text-anchor": "start" }, made, `\u2190 ${c.left}`);
      svg("text", { x: 148, y: 140, "font-size": 12.5, fill: MUTED, "text-anchor": "end" }, made, `${c.right} \u2192`);
      this.arrows = c.teams.map((name, k) => {
        const group = svg("g", { fill: c.colours[k], stroke: c.colours[k] }, made);
        svg("title", {}, group, name);
        return { group, line: svg("line", { y1: 0, "stroke-width": 4, "stroke-linecap": "round" }, group), tip: svg("path", { stroke: "none" }, group) };
      });
      svg("circle", { r: 4, fill: INK }, made);
      const key = html("div", "fw-key fw-two", panel);
      this.angles = c.teams.map((name, k) => {
        const row = html("div", "", key), dot = html("i", "fs-dot", row);
        dot.style.background = c.colours[k];
        html("b", "", row, name);
        return html("span", "", row, "");
      });
    }

    point(week) {
      const c = this.data.compass;
      if (!c || !c.angle.length) return;
      const row = Math.max(0, week - 1);
      c.teams.forEach((_, k) => {
        const angle = c.angle[row][k], long = 118 * c.length[row][k], { group, line, tip } = this.arrows[k];
        group.setAttribute("transform", `rotate(${angle})`);
        line.setAttribute("y2", -Math.max(long - 10, 2));
        tip.setAttribute("d", `M0 ${-long}L6 ${-long + 13}L-6 ${-long + 13}Z`);
        this.angles[k].textContent = `${Math.abs(angle).toFixed(0)}\u00b0`;
      });
    }

    // --- the network

    network(panel) {
      const n = this.data.network, made = this.pictures.network = picture(panel, "-8 -8 316 300", "A sample of accounts and their ties");
      const at = k => [300 * n.x[k], 284 * n.y[k]];
      svg("path", { d: n.ties.map(([a, b]) => `M${at(a)}L${at(b)}`).join(""), stroke: "#dfe4ec", "stroke-width": 0.8, fill: "none" }, made);
      this.nodes = n.x.map((_, k) => svg("path", { transform: `translate(${at(k)})` }, made));
      this.states = [];
      const key = html("div", "fw-key fw-two", panel);
      this.counts = {};
      for (const [state, word] of VOICES) {
        const row = html("div", "", key), mark = svg("svg", { viewBox: "-7 -7 14 14", width: 14, height: 14, "aria-hidden": "true" }, row);
        inked(svg("path", {}, mark), state);
        html("b", "", row, word);
        this.counts[state] = html("span", "", row, "");
      }
    }

    voices(week) {
      const said = this.data.network.voices[week], count = { a: 0, n: 0, d: 0, f: 0, p: 0 };
      for (let k = 0; k < said.length; k++) {
        count[said[k]]++;
        if (this.states[k] === said[k]) continue;
        this.states[k] = said[k];
        inked(this.nodes[k], said[k]);
      }
      for (const state in count) this.counts[state].textContent = count[state];
    }

    // --- events

    happenings(panel) {
      this.list = html("ol", "fw-events", panel);
      this.rows = this.data.events.map(([week, text, kind]) => {
        const row = html("button", "fw-event", html("li", "", this.list));
        row.type = "button";
        const dot = html("i", "fs-dot", row);
        dot.style.background = KINDS[kind];
        html("span", "fw-when", row, `week ${week}`);
        html("span", "fw-what", row, text);
        row.onclick = () => this.seek(week);
        return { week, row };
      });
      if (!this.rows.length) html("p", "fs-sub", panel, "Nothing out of the ordinary in this run.");
    }

    happen(week) {
      for (const one of this.rows) {
        one.row.classList.toggle("past", one.week <= week);
        one.row.classList.toggle("now", one.week <= week && week < one.week + 6);
      }
    }
  }

  // the space bar plays and pauses wherever it does not mean something else
  document.addEventListener("keydown", e => {
    const on = e.target, one = window.flywheelWatching;
    if (e.key !== " " || !one || !one.root.isConnected || on.closest("button, select, a, [role=combobox], [role=listbox]") ||
      on.closest("input:not([type=range]), textarea")) return;
    e.preventDefault();
    one.play(!one.playing);
  });

  // called by the screen once a run is there
  window.flywheelWatch = (id, data, play) => {
    const host = document.getElementById(id);
    if (!host) return;
    if (!data) { // nothing to show: what stood there was another run
      host.replaceChildren();
      return;
    }
    window.flywheelWatching = new Watch(host, data);
    if (play && !window.flywheelWatching.still) window.flywheelWatching.play(true);
  };
})();
