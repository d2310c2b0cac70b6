"use strict";
const words = {
  en: { studio: "studio", settings: "Settings", more: "All settings", train: "Train", training: "Training", pause: "Pause", go: "Go on",
    stop: "Stop and keep", plw: "Prior Loss Weight, live", factor: "Learning rate ×, live", runs: "Runs", use: "Use", prompt: "Prompt",
    negative: "Negative prompt", run: "LoRA of run", strength: "Strength", steps: "Steps", count: "Pictures", draw: "Draw", none: "none: the base",
    loading: "The base is being loaded …", idle: "Ready. Press Train.", measuring: "Measuring what was learned and what has drifted …",
    stopped: "Stopped; what was learned is kept.", finished: "Finished.", loss: "loss: subject", ofClass: "class", norm: "gradient norm",
    epoch: "after epoch", fidelity: "likeness to the photos (their own = 1)", pres: "PRES: how much the class looks like the subject",
    target: "here you want to be", left: "s left", st: "steps", mem: "memory", size: "LoRA file", id: "identifier", min: "minutes",
    resume: "go on", drawing: "Drawing …", epochs: "epochs", rank: "rank", weight: "weight", turns: "turns", noruns: "No run yet." },
  zh: { studio: "训练台", settings: "设置", more: "全部设置", train: "开始训练", training: "训练", pause: "暂停", go: "继续",
    stop: "停止并保留", plw: "先验损失权重（实时）", factor: "学习率倍数（实时）", runs: "历次训练", use: "使用", prompt: "提示词",
    negative: "反向提示词", run: "使用哪次训练的 LoRA", strength: "强度", steps: "步数", count: "张数", draw: "生成", none: "无（底模）",
    loading: "正在加载底模……", idle: "准备就绪，请点“开始训练”。", measuring: "正在衡量学到了什么、漂移了多少……",
    stopped: "已停止，成果已保留。", finished: "训练完成。", loss: "损失：主体", ofClass: "类别", norm: "梯度范数",
    epoch: "第几轮之后：", fidelity: "与照片的相似度（照片之间为 1）", pres: "PRES：类别有多像主体",
    target: "目标区域", left: "秒后完成", st: "步", mem: "内存", size: "LoRA 文件", id: "标识词", min: "分钟",
    resume: "继续", drawing: "正在生成……", epochs: "轮数", rank: "秩", weight: "权重", turns: "调节次数", noruns: "还没有训练过。" },
};
const $ = id => document.getElementById(id);
let tongue = localStorage.getItem("tongue") || (navigator.language.startsWith("zh") ? "zh" : "en");
const t = key => words[tongue][key] || key;
const esc = text => String(text).replace(/[&<>"']/g, c => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[c]);
const size = bytes => bytes >= 1e9 ? (bytes / 1e9).toFixed(1) + " GB" : bytes >= 1e6 ? (bytes / 1e6).toFixed(1) + " MB" : (bytes / 1e3).toFixed(0) + " kB";

async function ask(path, body) {
  const answer = await fetch(path, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) });
  if (answer.headers.get("content-type")?.startsWith("image/")) return answer.blob();
  const text = await answer.text();
  const told = text ? JSON.parse(text) : {};
  if (!answer.ok) throw new Error(told.error || answer.status);
  return told;
}

function speak() {
  document.documentElement.lang = tongue;
  $("language").textContent = tongue === "en" ? "中文" : "English";
  document.querySelectorAll("[data-t]").forEach(e => e.textContent = t(e.dataset.t));
  show(); runs();
}
$("language").onclick = () => { tongue = tongue === "en" ? "zh" : "en"; localStorage.setItem("tongue", tongue); speak(); };

// --- settings
let fields = [];
async function settings() {
  const groups = await ask("api/settings");
  fields = groups.flatMap(g => g.fields);
  $("first").replaceChildren(...fields.filter(f => f.first).map(row));
  $("rest").replaceChildren(...groups.flatMap(g => {
    const rest = g.fields.filter(f => !f.first);
    if (!rest.length) return [];
    const title = document.createElement("h3"); title.textContent = g.name;
    return [title, ...rest.map(row)];
  }));
  check();
}
function row(field) {
  const div = document.createElement("div"); div.className = "field";
  const id = "f-" + field.name, value = esc(field.usual);
  const input = field.kind === "choice"
    ? `<select id="${id}">${field.choices.map(c => `<option${c === field.usual ? " selected" : ""}>${esc(c)}</option>`).join("")}</select>`
    : field.kind === "switch" ? `<input id="${id}" type="checkbox"${field.usual === "true" ? " checked" : ""}>`
    : `<input id="${id}" value="${value}" ${field.kind === "whole" || field.kind === "number" ? 'inputmode="decimal"' : ""}>`;
  div.innerHTML = `<label for="${id}">${esc(field.name.replaceAll("_", " "))}</label>${input}<small>${esc(field.help)}</small><div class="wrong" id="w-${field.name}"></div>`;
  div.querySelector("input,select").addEventListener("input", soon);
  return div;
}
function form() {
  const given = {};
  for (const f of fields) {
    const e = $("f-" + f.name); if (!e) continue;
    const value = f.kind === "switch" ? String(e.checked) : e.value.trim();
    if (value !== f.usual && !(f.kind === "switch" && value === "false" && f.usual !== "true")) given[f.name] = f.kind === "list" ? value.split(/\s*;\s*/) : [value];
  }
  return given;
}
let timer; const soon = () => { clearTimeout(timer); timer = setTimeout(check, 60); };
async function check() {
  let a; try { a = await ask("api/check", form()); } catch (e) { $("answers").innerHTML = `<p class="bad">${esc(e.message)}</p>`; return; }
  for (const f of fields) {
    const wrong = a.wrong[f.name] || "";
    if ($("w-" + f.name)) { $("w-" + f.name).textContent = wrong; $("f-" + f.name).setAttribute("aria-invalid", wrong ? "true" : "false"); }
  }
  if (a.loading) { setTimeout(check, 500); return; }
  if (a.wrong[""]) $("answers").innerHTML = `<p class="bad">${esc(a.wrong[""])}</p>`;
  if (!a.steps) return;
  $("photos").innerHTML = Array.from({ length: Math.min(a.pictures, 6) }, (_, i) => `<img src="api/photo/${i}" alt="">`).join("");
  const most = Math.max(...a.rates.map(r => r[1]), 1e-12);
  const curve = a.rates.map((r, i) => `${i ? "L" : "M"}${(4 + 192 * i / Math.max(1, a.rates.length - 1)).toFixed(1)} ${(36 - 32 * r[1] / most).toFixed(1)}`).join("");
  $("answers").innerHTML = `<p><b>${a.steps}</b> ${t("st")}${a.minutes ? ` · <b>${a.minutes.toFixed(1)}</b> ${t("min")}` : ""} · ${t("mem")} <b>${size(a.memory.total)}</b>`
    + `${a.lora_bytes ? ` · ${t("size")} <b>${size(a.lora_bytes)}</b>` : ""}</p><svg viewBox="0 0 200 40" width="200" height="40" role="img" aria-label="learning rate"><path d="${curve}" fill="none" stroke="currentColor"/></svg>`
    + (a.rarity ? `<p>${t("id")} <b>${esc(a.identifier)}</b>: ${esc(a.rarity.tokens.join(" · "))} – ${esc(a.rarity.verdict)}</p>` : "")
    + [...new Set([...(a.warnings || []), ...(a.fits ? [] : a.advice)])].map(w => `<p class="bad">${esc(w)}</p>`).join("");
}
$("train").onclick = async () => { try { await ask("api/train", form()); } catch (e) { $("said").textContent = e.message; } };

// --- training
let state = { phase: "loading", points: [], turns: [], notes: [], samples: [] }, points = [];
const stream = new EventSource("api/events");
stream.onmessage = m => {
  const before = state; state = JSON.parse(m.data);
  points = points.slice(0, state.from).concat(state.points);
  if (before.run !== state.run) $("epoch").dataset.moved = "";
  if (before.run !== state.run || before.turns.length !== state.turns.length) {
    const last = name => state.turns.filter(turn => turn[name] != null).at(-1)?.[name];
    $("plw").value = last("prior_loss_weight") ?? $("f-prior_loss_weight")?.value ?? 0.3;
    $("factor").value = last("rate_factor") ?? 1;
  }
  if (before.phase === "loading" && state.phase !== "loading") settings();
  if (before.phase !== state.phase && ["finished", "stopped", "failed"].includes(state.phase)) runs();
  show();
};
const busy = () => ["preparing", "training", "paused", "measuring"].includes(state.phase);
function show() {
  const done = points.length;
  $("said").textContent = ({ loading: t("loading"), idle: t("idle"), measuring: t("measuring"), stopped: t("stopped"), finished: t("finished") })[state.phase] || state.said;
  $("progress").max = state.steps || 1; $("progress").value = done;
  $("train").disabled = busy() || state.phase === "loading"; $("stop").disabled = !busy();
  $("pause").disabled = !["training", "paused"].includes(state.phase);
  $("pause").textContent = t(state.phase === "paused" ? "go" : "pause");
  $("plw").disabled = $("factor").disabled = !["training", "paused"].includes(state.phase);
  $("plw-now").textContent = Number($("plw").value).toFixed(2); $("factor-now").textContent = Number($("factor").value).toFixed(2);
  $("notes").innerHTML = state.notes.map(n => `<li>${esc(n)}</li>`).join("");
  lines($("loss"), 200, [["subject", 1, t("loss")], ["class", 2, t("ofClass")]]);
  lines($("norm"), 90, [["norm", 3, t("norm")]]);
  $("samples").hidden = !state.samples.length;
  if (state.samples.length) {
    $("epoch").max = state.samples.length - 1;
    if (!$("epoch").dataset.moved) $("epoch").value = state.samples.length - 1;
    const epoch = state.samples[Math.min($("epoch").value, state.samples.length - 1)], from = `api/runs/${state.run}/${epoch}`;
    if ($("sample").getAttribute("src") !== from) $("sample").src = from;
    $("sample").alt = $("epoch-now").textContent = `${t("epoch")} ${epoch}`;
  }
}
function lines(svg, height, kinds) {
  const total = Math.max(state.steps || 1, points.length), every = Math.max(1, Math.floor(points.length / 600));
  const shown = points.filter((_, i) => i % every === 0 || i === points.length - 1);
  const most = Math.max(1e-9, ...shown.flatMap(p => kinds.map(k => p[k[1]] || 0)));
  const x = step => 34 + 560 * step / total, y = v => height - 16 - (height - 30) * v / most;
  svg.innerHTML = `<line class="axis" x1="34" x2="594" y1="${height - 16}" y2="${height - 16}"/><text x="2" y="14">${most.toPrecision(2)}</text>`
    + kinds.map((k, i) => `<path class="${k[0]}" d="${shown.filter(p => p[k[1]] != null).map((p, j) => `${j ? "L" : "M"}${x(p[0]).toFixed(1)} ${y(p[k[1]]).toFixed(1)}`).join("")}"/><text class="${k[0]}" x="${60 + 110 * i}" y="14">${esc(k[2])}</text>`).join("")
    + state.turns.map((turn, i) => `<line class="turn" x1="${x(turn.step)}" x2="${x(turn.step)}" y1="18" y2="${height - 16}"/><text x="${x(turn.step) + 2}" y="${height - 20 - 12 * (i % 4)}">${turn.prior_loss_weight ?? "×" + turn.rate_factor}</text>`).join("");
  svg.setAttribute("aria-label", kinds.map(k => `${k[2]} ${points.length ? (points.at(-1)[k[1]] ?? "–") : "–"}`).join(", "));
}
$("epoch").oninput = () => { $("epoch").dataset.moved = "1"; show(); };
$("pause").onclick = () => ask("api/pause", { on: state.phase !== "paused" });
$("stop").onclick = () => ask("api/stop", {});
for (const [id, name] of [["plw", "prior_loss_weight"], ["factor", "rate_factor"]]) {
  $(id).oninput = show;
  $(id).onchange = () => ask("api/knob", { [name]: Number($(id).value) }).catch(e => $("said").textContent = e.message);
}

// --- runs
async function runs() {
  const all = await ask("api/runs");
  const chosen = $("run").value;
  $("run").innerHTML = `<option value="">${esc(t("none"))}</option>` + all.filter(r => r.finished).map(r => `<option>${esc(r.run)}</option>`).join("");
  $("run").value = chosen || (all.find(r => r.finished)?.run ?? "");
  $("table").innerHTML = all.length ? `<tr><th>${t("run")}</th><th>${t("weight")}</th><th>${t("turns")}</th><th>${t("epochs")}</th><th>${t("rank")}</th><th>✓</th><th>PRES</th><th></th></tr>`
    + all.map(r => `<tr><td>${esc(r.run)}</td><td>${r.prior_loss_weight}</td><td>${r.turns}</td><td>${r.epochs}</td><td>${r.rank}</td><td>${r.scores ? r.scores.fidelity.toFixed(2) : "–"}</td>`
      + `<td>${r.scores ? r.scores.pres.toFixed(2) : "–"}</td><td><button type="button" data-run="${esc(r.run)}">${t("resume")}</button></td></tr>`).join("") : `<tr><td>${t("noruns")}</td></tr>`;
  $("table").querySelectorAll("button").forEach(b => b.onclick = () => ask("api/resume", { run: b.dataset.run }).catch(e => $("said").textContent = e.message));
  const x = v => 40 + 550 * Math.min(1, Math.max(0, v)), y = v => 234 - 220 * Math.min(1.05, Math.max(0, v)) / 1.05;
  $("scatter").innerHTML = `<rect class="target" x="${x(0)}" y="${y(1.05)}" width="${x(.2) - x(0)}" height="${y(.85) - y(1.05)}"/><text x="${x(0) + 6}" y="34">${t("target")}</text>`
    + `<line class="axis" x1="40" x2="590" y1="234" y2="234"/><line class="axis" x1="40" x2="40" y1="14" y2="234"/><text x="200" y="252">${t("pres")}</text><text x="46" y="11">${t("fidelity")}</text>`
    + all.filter(r => r.scores).map((r, i) => `<circle class="${i ? "" : "now"}" cx="${x(r.scores.pres)}" cy="${y(r.scores.fidelity)}" r="6"><title>${esc(r.run)}: ${r.prior_loss_weight}</title></circle>`).join("");
}

// --- use
$("draw").onclick = async () => {
  $("drawn-said").textContent = t("drawing"); $("draw").disabled = true;
  try {
    const picture = await ask("api/picture", { prompt: $("prompt").value, negative_prompt: $("negative").value, run: $("run").value || null,
      strength: Number($("strength").value), guidance: Number($("cfg").value), steps: Number($("steps").value), seed: Number($("seed").value),
      sampler: "ddim", count: Number($("count").value) });
    $("drawn").src = await new Promise(done => { const r = new FileReader(); r.onload = () => done(r.result); r.readAsDataURL(picture); });
    $("drawn").alt = $("prompt").value; $("drawn").hidden = false; $("drawn-said").textContent = "";
  } catch (e) { $("drawn-said").textContent = e.message; }
  $("draw").disabled = false;
};
speak(); settings();
