(() => {
  "use strict";
  document.documentElement.classList.add("scripts");
  const darkQuery = matchMedia("(prefers-color-scheme: dark)");
  const PAPER_WIDTH = 660; // what an A4 page holds, in CSS pixels
  const NARROW = 560;
  const DARKER = { "#E69F00": "#8A5F00", "#56B4E9": "#1C6A99", "#CC79A7": "#9C4677", "#009E73": "#007353", "#D55E00": "#B24E00", "#8C8C8C": "#666666" };
  const LIGHTER = { "#0072B2": "#4F9FD6", "#D55E00": "#F07F30", "#009E73": "#33B58C", "#56B4E9": "#9AD4F7", "#8C8C8C": "#A6A6A6" };

  function template(dark, narrow) {
    const ink = dark ? "#c6ccd3" : "#3f464e";
    const grid = dark ? "#2b3036" : "#e8e8e4";
    const axis = {
      automargin: true, gridcolor: grid, linecolor: dark ? "#4a5058" : "#b9bcc0", showline: true, zeroline: false, ticks: "outside",
      ticklen: 4, tickcolor: dark ? "#4a5058" : "#b9bcc0", title: { standoff: 10, font: { size: narrow ? 12 : 13 } },
    };
    return { layout: {
      font: { family: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif", size: narrow ? 11 : 13, color: ink },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      colorway: ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C8C8C"].map((c) => (dark && LIGHTER[c]) || c),
      xaxis: { ...axis, showgrid: false, nticks: narrow ? 5 : 0 }, yaxis: { ...axis, showline: false, ticks: "" },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)" },
      hoverlabel: { bgcolor: dark ? "#2b3036" : "#ffffff", bordercolor: dark ? "#5a616a" : "#b9bcc0", font: { color: dark ? "#e3e5e8" : "#1f2328" } },
      shapedefaults: { line: { color: dark ? "#9aa1aa" : "#6a7179" }, label: { font: { color: ink } } },
      hovermode: "closest",
    } };
  }

  // One entity keeps its hue; on dark its line, and on white its written name, take a tone that can be read.
  function toned(value, map) {
    if (typeof value === "string") {
      const faint = value.match(/^rgba\((\d+), ?(\d+), ?(\d+), ?([\d.]+)\)$/);
      if (!faint) return map[value.toUpperCase()] || value;
      const hex = "#" + faint.slice(1, 4).map((part) => Number(part).toString(16).padStart(2, "0")).join("").toUpperCase();
      return map[hex] ? map[hex] + Math.round(Number(faint[4]) * 1.5 * 255).toString(16).padStart(2, "0") : value;
    }
    if (Array.isArray(value)) return value.map((each) => toned(each, map));
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, toned(each, map)]));
    return value;
  }

  function prepared(box, dark, width) {
    const figure = JSON.parse(box.querySelector("script").textContent);
    const narrow = width < NARROW;
    const data = dark ? toned(figure.data, LIGHTER) : figure.data;
    let layout = dark ? toned(figure.layout, LIGHTER) : figure.layout;
    const margin = { l: 10, r: 20, b: 10, ...layout.margin, t: layout.showlegend === false || figure.data.length < 2 ? 12 : 40 };
    const annotations = (layout.annotations || []).map((note) => {
      const font = note.font && note.font.color && !dark ? { ...note.font, color: toned(note.font.color, DARKER) } : note.font;
      return { ...note, font };
    });
    if (narrow) margin.r = 10;
    layout = { ...layout, margin, annotations, template: template(dark, narrow), width, height: box.clientHeight || layout.height, autosize: false };
    return { data, layout };
  }

  const config = { displayModeBar: false }; // it would lie over legends; dragging zooms, a double click resets
  const boxes = [...document.querySelectorAll("[data-figure]")];

  function draw(box, dark = darkQuery.matches, width = box.clientWidth) {
    if (!window.Plotly) return;
    const { data, layout } = prepared(box, dark, width);
    let target = box.querySelector(".plot");
    if (!target) {
      target = document.createElement("div");
      target.className = "plot";
      box.append(target);
    }
    box.drawn = width;
    Plotly.react(target, data, layout, config).then(spreadLabels);
  }

  // Names at the ends of lines that meet: move them apart, in their order, until each can be read.
  function spreadLabels(target) {
    const full = target._fullLayout;
    const notes = full.annotations.map((note, place) => ({ note, place }))
      .filter(({ note }) => note.name === "direct" && note.yref === "y")
      .map(({ note, place }) => ({ place, at: full.yaxis.r2p(note.y), shift: note.yshift, wanted: full.yaxis.r2p(note.y) }))
      .sort((a, b) => a.at - b.at);
    const room = full.font.size * 1.25;
    for (let i = 1; i < notes.length; i += 1) notes[i].at = Math.max(notes[i].at, notes[i - 1].at + room);
    const over = notes.length ? notes[notes.length - 1].at - full.yaxis._length : 0;
    if (over > 0) notes.forEach((each) => { each.at -= over; });
    const moved = notes.filter((each) => Math.abs(each.at - each.wanted) > 0.5);
    if (moved.length) Plotly.relayout(target, Object.fromEntries(moved.map((each) => [`annotations[${each.place}].yshift`, each.shift - (each.at - each.wanted)])));
  }

  function drawAll(dark, width) {
    for (const box of boxes) draw(box, dark, width);
  }

  function watch() {
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        seen.unobserve(entry.target);
        draw(entry.target);
      }
    }, { rootMargin: "800px" });
    boxes.forEach((box) => seen.observe(box));
    const sized = new ResizeObserver((entries) => {
      for (const { target } of entries) if (target.drawn && !printing && target.drawn !== target.clientWidth) draw(target);
    });
    boxes.forEach((box) => sized.observe(box));
    darkQuery.addEventListener("change", () => boxes.filter((box) => box.drawn).forEach((box) => draw(box)));
  }

  let printing = false;
  let opened = [];
  addEventListener("beforeprint", () => {
    printing = true;
    opened = [...document.querySelectorAll("details:not([open]):not(.code)")];
    opened.forEach((each) => { each.open = true; });
    drawAll(false, PAPER_WIDTH);
  });
  addEventListener("afterprint", () => {
    printing = false;
    opened.forEach((each) => { each.open = false; });
    boxes.forEach((box) => draw(box));
  });

  function cellValue(row, column) {
    const cell = row.cells[column];
    return cell.dataset.sort === undefined ? cell.textContent : cell.dataset.sort;
  }

  function sortable(table) {
    const body = table.tBodies[0];
    if (!table.tHead || !body) return;
    const below = new Map([...body.querySelectorAll("tr.below")].map((note) => [note.previousElementSibling, note]));
    const lines = [...body.rows].filter((row) => row.className !== "below");
    if (lines.length < 2) return;
    const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.title = "Sort by this column";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((each) => each.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const rows = lines.map((row) => [cellValue(row, column), row]);
        const numeric = rows.every(([value]) => value === "" || !Number.isNaN(Number(value.replace("inf", "Infinity"))));
        rows.sort(([a], [b]) => {
          if (a === "" || b === "") return (a === "") - (b === "");
          const order = numeric ? Number(a.replace("inf", "Infinity")) - Number(b.replace("inf", "Infinity")) : a.localeCompare(b);
          return up ? order : -order;
        });
        body.append(...rows.flatMap(([, row]) => (below.has(row) ? [row, below.get(row)] : [row])));
      });
    });
  }

  // On a phone a row of these stands as a card: each cell says its column itself.
  function labelled(table) {
    const heads = [...table.tHead.rows[0].cells].map((head) => head.textContent);
    for (const row of table.tBodies[0].querySelectorAll("tr:not(.below)")) {
      [...row.cells].forEach((cell, column) => { cell.dataset.head = heads[column]; });
    }
  }

  function openTarget() {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") target.open = true;
  }

  addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".table table, table.dataframe").forEach(sortable);
    document.querySelectorAll(".cards table").forEach(labelled);
    document.querySelectorAll(".table").forEach((box) => {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; // so that the keyboard scrolls it
    });
    addEventListener("hashchange", openTarget);
    openTarget();
    watch();
  });
})();
