"use strict";
let state = { phase: "loading", points: [], turns: [], notes: [], samples: [], scores: [] }, points = [];
const stream = new EventSource("api/events");
stream.onmessage = m => {
  const before = state; state = JSON.parse(m.data);
  points = points.slice(0, state.from).concat(state.points);
  if (before.run !== state.run) $("epoch").dataset.moved = "";
  if (before.run !== state.run || before.turns.length !== state.turns.length) {
    const last = name => state.turns.filter(turn => turn[name] != null).at(-1)?.[name];
    $("plw").value = last("prior_loss_weight") ?? state.weight ?? 0.3;
    $("factor").value = last("rate_factor") ?? 1;
  }
  if (before.phase === "loading" && state.phase !== "loading") check();
  if (before.phase !== state.phase && ["preparing", "finished", "stopped", "failed"].includes(state.phase)) runs();
  show();
};
const busy = () => ["preparing", "training", "paused", "measuring"].includes(state.phase);
function show() {
  const done = points.length;
  $("said").textContent = ({ loading: t("loading"), idle: t("idle"), measuring: t("measuring"), stopped: t("stopped"), finished: t("finished") })[state.phase] || say(state.said);
  $("progress").max = state.steps || 1; $("progress").value = done;
  $("train").disabled = busy() || state.phase === "loading"; $("stop").disabled = !busy();
  $("pause").disabled = !["training", "paused"].includes(state.phase);
  $("pause").textContent = t(state.phase === "paused" ? "go" : "pause");
  $("plw").disabled = $("factor").disabled = !["training", "paused"].includes(state.phase);
  $("plw-now").textContent = Number($("plw").value).toFixed(2); $("factor-now").textContent = Number($("factor").value).toFixed(2);
  $("noted").hidden = !state.notes.length;
  $("notes").innerHTML = state.notes.map(n => `<li>${esc(say(n))}</li>`).join("");
  lines($("loss"), 200, [["subject", 1, t("loss")], ["class", 2, t("ofClass")]]);
  lines($("norm"), 90, [["norm", 3, t("norm")]]);
  lines($("rate"), 90, [["norm", 4, t("rateChart")]]);
  measures();
  $("samples").hidden = !state.samples.length;
  if (state.samples.length) {
    $("epoch").max = state.samples.length - 1;
    if (!$("epoch").dataset.moved) $("epoch").value = state.samples.length - 1;
    const epoch = state.samples[Math.min($("epoch").value, state.samples.length - 1)], from = `api/runs/${state.run}/${epoch}`;
    if ($("sample").getAttribute("src") !== from) $("sample").src = from;
    $("sample").alt = $("epoch-now").textContent = `${t("epoch")} ${epoch}`; $("rows-are").textContent = t("rowsare");
  }
}
function lines(svg, height, kinds) {
  const total = Math.max(state.steps || 1, points.length), every = Math.max(1, Math.floor(points.length / 600));
  const shown = points.filter((_, i) => i % every === 0 || i === points.length - 1);
  const most = Math.max(1e-9, ...shown.flatMap(p => kinds.map(k => p[k[1]] || 0)));
  const x = step => 34 + 560 * step / total, y = v => height - 16 - (height - 30) * v / most;
  svg.innerHTML = `<line class="axis" x1="34" x2="594" y1="${height - 16}" y2="${height - 16}"/><text x="2" y="14">${points.length ? most.toPrecision(2) : ""}</text>`
    + kinds.map((k, i) => `<path class="${k[0]}" d="${shown.filter(p => p[k[1]] != null).map((p, j) => `${j ? "L" : "M"}${x(p[0]).toFixed(1)} ${y(p[k[1]]).toFixed(1)}`).join("")}"/><text class="${k[0]}" x="${60 + 110 * i}" y="14">${esc(k[2])}</text>`).join("")
    + state.turns.map((turn, i) => `<line class="turn" x1="${x(turn.step)}" x2="${x(turn.step)}" y1="18" y2="${height - 16}"/><text x="${x(turn.step) + 2}" y="${height - 20 - 12 * (i % 4)}">${turn.prior_loss_weight ?? "×" + turn.rate_factor}</text>`).join("");
  svg.setAttribute("aria-label", kinds.map(k => `${k[2]} ${points.length ? (points.at(-1)[k[1]] ?? "–") : "–"}`).join(", "));
}
// Fidelity, PRES and diversity over the epochs, as the sample rows had them.
function measures() {
  const scores = state.scores, kinds = [["subject", "fidelity", t("fidelityShort")], ["class", "pres", "PRES"], ["norm", "diversity", t("div")]];
  $("measures").style.display = scores.length ? "" : "none"; $("measured").textContent = scores.length ? t("roughly") : "";
  if (!scores.length) return;
  const last = Math.max(1, ...scores.map(s => s.epoch), Math.max(0, ...state.samples)), x = e => 34 + 550 * e / last, y = v => 104 - 90 * Math.min(1.1, Math.max(-.1, v));
  $("measures").innerHTML = `<line class="axis" x1="34" x2="594" y1="${y(0)}" y2="${y(0)}"/><line class="axis" x1="34" x2="594" y1="${y(1)}" y2="${y(1)}"/><text x="18" y="${y(1) + 4}">1</text><text x="18" y="${y(0) + 4}">0</text>`
    + kinds.map((k, i) => { const of = scores.filter(s => s[k[1]] != null); return `<path class="${k[0]}" d="${of.map((s, j) => `${j ? "L" : "M"}${x(s.epoch).toFixed(1)} ${y(s[k[1]]).toFixed(1)}`).join("")}"/>`
      + of.map(s => `<circle class="dot ${k[0]}" cx="${x(s.epoch)}" cy="${y(s[k[1]])}" r="2.5"><title>${t("epoch")} ${s.epoch}: ${k[2]} ${s[k[1]]}</title></circle>`).join("")
      + `<text class="${k[0]}" x="${60 + 130 * i}" y="128">${esc(k[2])} ${of.length ? of.at(-1)[k[1]].toFixed(2) : "–"}</text>`; }).join("");
  $("measures").setAttribute("aria-label", `${t("measured")}: ` + kinds.map(k => `${k[2]} ${scores.at(-1)[k[1]] ?? "–"}`).join(", "));
}
$("epoch").oninput = () => { $("epoch").dataset.moved = "1"; show(); };
$("pause").onclick = () => ask("api/pause", { on: state.phase !== "paused" });
$("stop").onclick = () => ask("api/stop", {});
for (const [id, name] of [["plw", "prior_loss_weight"], ["factor", "rate_factor"]]) {
  $(id).oninput = show;
  $(id).onchange = () => ask("api/knob", { [name]: Number($(id).value) }).catch(e => $("said").textContent = e.message);
}

