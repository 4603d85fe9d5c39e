"use strict";
// Draws the plots of a page out of their JSON, in the page's colours, and again when these change.
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  // A finger scrolls the page; drawing a frame to zoom is for a mouse.
  const touched = window.matchMedia("(pointer: coarse)").matches;

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const one = (name) => style.getPropertyValue(name).trim();
    const axes = ["xaxis", "yaxis"].map((axis) => [
      [`${axis}.gridcolor`, one("--rule")],
      [`${axis}.linecolor`, one("--rule")],
      [`${axis}.tickcolor`, one("--rule")],
      [`${axis}.title.font.color`, one("--quiet")],
      [`${axis}.tickfont.color`, one("--quiet")],
    ]);
    return Object.fromEntries([
      ["paper_bgcolor", "rgba(0,0,0,0)"],
      ["plot_bgcolor", "rgba(0,0,0,0)"],
      ["font.color", one("--ink")],
      ["hoverlabel.bgcolor", one("--card")],
      ["hoverlabel.bordercolor", one("--quiet")],
      ["hoverlabel.font.color", one("--ink")],
      ["modebar.bgcolor", "rgba(0,0,0,0)"],
      ["modebar.color", one("--quiet")],
      ["modebar.activecolor", one("--ink")],
      ...axes.flat(),
    ]);
  }

  const config = {
    responsive: true,
    displaylogo: false,
    // On a narrow page the buttons would cover the legend.
    displayModeBar: touched || window.innerWidth < 640 ? false : "hover",
    // A list of what there is, not of what to leave out: plotly.js has buttons that send plots away.
    modeBarButtons: [["toImage", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
  };
  for (const source of document.querySelectorAll("script[data-plot]")) {
    const place = document.getElementById(source.dataset.plot);
    const figure = JSON.parse(source.textContent);
    if (touched) figure.layout.dragmode = false;
    Plotly.newPlot(place, figure.data, figure.layout, config)
      .then(() => Plotly.relayout(place, colours()))
      .then(() => { place.dataset.drawn = "yes"; });
  }
  dark.addEventListener("change", () => {
    for (const place of document.querySelectorAll(".plot")) Plotly.relayout(place, colours());
  });
})();
