"use strict";
let runRows = [], sweep = { points: [] }, side = [];
async function runs() {
  const all = runRows = await ask("api/runs");
  try { sweep = await ask("api/sweep"); } catch { /* the base is still being loaded */ }
  choices(all);
  const names = { finished: t("finishedRun"), stopped: t("stoppedRun"), cut: t("cut") };
  const now = run => run.run === state.run && busy() ? t("runsNow") : names[run.state];
  $("table").innerHTML = all.length ? `<tr><th></th><th>${t("run")}</th><th>${t("state")}</th><th>${t("weight")}</th><th>${t("epochs")}</th><th>${t("rank")}</th><th>${t("fidelityShort")}</th><th>PRES</th><th></th></tr>`
    + all.map(r => `<tr><td><input type="checkbox" data-side="${esc(r.run)}" aria-label="${esc(t("compare") + " " + r.run)}"${side.includes(r.run) ? " checked" : ""}></td><td translate="no">${esc(r.run)}</td><td>${now(r)}</td>`
      + `<td>${r.prior_loss_weight}${r.last_weight != null ? " → " + r.last_weight : ""}</td><td>${r.epochs}</td><td>${r.rank}</td><td>${score(r, "fidelity")}</td><td>${score(r, "pres")}</td>`
      + `<td>${r.state === "finished" || now(r) === t("runsNow") ? "" : `<button type="button" data-run="${esc(r.run)}">${t("resume")}</button> `}<a href="api/notebook/${esc(r.run)}" download>${t("notebook")}</a></td></tr>`).join("") : `<tr><td>${t("noruns")}</td></tr>`;
  $("table").querySelectorAll("button").forEach(b => b.onclick = () => ask("api/resume", { run: b.dataset.run }).catch(e => $("said").textContent = e.message));
  $("table").querySelectorAll("[data-side]").forEach(b => b.onchange = () => {
    side = side.filter(run => run !== b.dataset.side); if (b.checked) side = [...side, b.dataset.side].slice(-2);
    $("table").querySelectorAll("[data-side]").forEach(other => other.checked = side.includes(other.dataset.side));
    beside();
  });
  const cut = all[0]?.state === "cut" && !(all[0].run === state.run && busy()) ? all[0] : null;
  $("last").hidden = !cut; $("last").textContent = cut ? `${cut.run}: ${t("last")}` : "";
  scatter(all); beside();
  const swept = await ask("api/sweeps");
  $("sweeps").innerHTML = swept.map(s => `<a href="api/sweeps/${esc(s.sweep)}" target="_blank">${t("sweeps")} ${esc(s.sweep)}</a>: ${s.done} / ${s.points}`).join("<br>");
}
const score = (r, name) => r.measures.end?.[name] != null ? r.measures.end[name].toFixed(2) : "–";

// Fidelity against drift: a point a run, the sweep behind them, the corner where one wants to be.
function scatter(all) {
  const x = v => 40 + 550 * Math.min(1, Math.max(0, v)), y = v => 234 - 220 * Math.min(1.05, Math.max(0, v)) / 1.05;
  const points = sweep.points.map((p, i) => `<text x="${x(p.pres) - 8}" y="${y(p.fidelity) + (i % 2 ? -7 : 17)}">${p.weight}</text><circle class="sweep" cx="${x(p.pres)}" cy="${y(p.fidelity)}" r="4"><title>${t("sweep")}: ${p.weight}</title></circle>`).join("");
  $("scatter").innerHTML = `<rect class="target" x="${x(0)}" y="${y(1.05)}" width="${x(.2) - x(0)}" height="${y(.85) - y(1.05)}"/><text x="${x(0) + 6}" y="${y(.85) + 14}">${t("target")}</text>`
    + `<text x="12" y="${y(.85) + 4}">0.85</text><text x="${x(.2) - 8}" y="246">0.2</text>`
    + `<line class="axis" x1="40" x2="590" y1="234" y2="234"/><line class="axis" x1="40" x2="40" y1="14" y2="234"/><text x="200" y="252">${t("pres")}</text><text x="46" y="11">${t("fidelity")}</text>`
    + (points ? `<text x="360" y="225">○ ${t("sweep")}</text>` : "") + points
    + all.filter(r => r.measures.end).map((r, i) => `<circle class="run ${i ? "" : "now"}" cx="${x(r.measures.end.pres ?? 0)}" cy="${y(r.measures.end.fidelity)}" r="6"><title>${esc(r.run)}: ${r.prior_loss_weight}</title></circle>`).join("");
  $("scatter").setAttribute("aria-label", all.filter(r => r.measures.end).map(r => `${r.run}: ${t("fidelityShort")} ${score(r, "fidelity")}, PRES ${score(r, "pres")}`).join("; ") || t("noruns"));
  $("sweep-of").textContent = points ? sweep.command : "";
}

async function beside() {
  $("beside").hidden = side.length !== 2; if (side.length !== 2) return;
  let c; try { c = await ask(`api/compare/${side[0]}/${side[1]}`); } catch (e) { $("beside").textContent = e.message; return; }
  const last = r => r.samples.length ? `<img src="api/runs/${esc(r.run)}/${r.samples.at(-1)}" alt="${esc(r.run)}, ${t("epoch")} ${r.samples.at(-1)}">` : "–";
  const named = name => label(fields.find(f => f.name === name) ?? { name, flag: "" });
  const row = (name, a, b) => `<tr><th>${esc(name)}</th><td>${a}</td><td>${b}</td></tr>`;
  $("beside").innerHTML = `<h3>${t("compare")}</h3><div class="scroll"><table>${row(t("run"), `<span translate="no">${esc(side[0])}</span>`, `<span translate="no">${esc(side[1])}</span>`)}`
    + (c.differences.length ? c.differences.map(d => row(named(d.name), `<span translate="no">${esc(d.a || "–")}</span>`, `<span translate="no">${esc(d.b || "–")}</span>`)).join("") : row(t("differs"), t("nodiff"), t("nodiff")))
    + row(t("turns"), c.turns[0].map(say).map(esc).join("<br>") || "–", c.turns[1].map(say).map(esc).join("<br>") || "–")
    + row(t("fidelityShort"), score(c.runs[0], "fidelity"), score(c.runs[1], "fidelity")) + row("PRES", score(c.runs[0], "pres"), score(c.runs[1], "pres"))
    + row(t("presNeighbour"), score(c.runs[0], "neighbour"), score(c.runs[1], "neighbour")) + row(t("div"), score(c.runs[0], "diversity"), score(c.runs[1], "diversity")) + row("", last(c.runs[0]), last(c.runs[1])) + "</table></div>";
}
