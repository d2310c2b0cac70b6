"use strict";
const axes = ["strength", "guidance", "seed", "steps", "sampler"];
let usable = "";
function choices(all) {
  const now = all.filter(r => r.usable).map(r => r.run).join() + tongue; if (now === usable) return; usable = now;
  const whole = r => r.method === "dreambooth" || r.method === "dream_booth" || r.method === "imagic";
  const given = all.filter(r => r.usable), model = $("model").value;
  $("model").innerHTML = `<option value="">${esc(t("none"))}</option>` + given.filter(whole).map(r => `<option translate="no">${esc(r.run)}</option>`).join("");
  $("model").value = model;
  $("networks").innerHTML = given.filter(r => !whole(r)).map((r, i) => `<label class="network" translate="no"><input type="checkbox" data-run="${esc(r.run)}"${i ? "" : " checked"}> ${esc(r.run)} (${r.prior_loss_weight})`
    + `<input type="number" min="0" max="1.5" step="0.05" value="1" aria-label="${esc(t("strength") + " " + r.run)}"></label>`).join("") || "–";
  for (const id of ["across", "down"]) {
    const chosen = $(id).value;
    $(id).innerHTML = `<option value="">${t("nogrid")}</option>` + axes.map(a => `<option value="${a}">${t(a + "Axis")}</option>`).join(""); $(id).value = chosen;
  }
}
const axis = id => $(id).value ? { setting: $(id).value, values: $(id + "-values").value.split(/[,，]/).map(v => v.trim()).filter(Boolean) } : null;
$("draw").onclick = async () => {
  $("drawn-said").textContent = t("drawing"); $("draw").disabled = true;
  try {
    const networks = [...$("networks").querySelectorAll("input[type=checkbox]:checked")].map(c => ({ run: c.dataset.run, strength: Number(c.parentElement.querySelector("input[type=number]").value) }));
    const drawn = await ask("api/picture", { prompt: $("prompt").value, negative_prompt: $("negative").value, model: $("model").value || null, networks,
      guidance: Number($("cfg").value), steps: Number($("steps").value), seed: Number($("seed").value), sampler: $("sampler").value,
      count: Number($("count").value), across: axis("across"), down: axis("down") });
    const picture = png => `<a href="data:image/png;base64,${png}" download="picture.png"><img src="data:image/png;base64,${png}" alt="${esc($("prompt").value)}"></a>`;
    const lines = [...new Set(drawn.cells.map(c => c.down))], columns = [...new Set(drawn.cells.map(c => c.across))];
    $("drawn").innerHTML = `<table>${drawn.across ? `<tr><th></th>${columns.map(c => `<th>${t(drawn.across + "Axis")} ${esc(c)}</th>`).join("")}</tr>` : ""}`
      + lines.map(l => `<tr><th>${drawn.down ? `${t(drawn.down + "Axis")} ${esc(l)}` : ""}</th>${drawn.cells.filter(c => c.down === l).map(c => `<td>${c.pictures.map(picture).join("")}</td>`).join("")}</tr>`).join("") + "</table>";
    $("drawn").hidden = false; $("drawn-said").textContent = "";
  } catch (e) { $("drawn-said").textContent = e.message; }
  $("draw").disabled = false;
};
speak(); settings();
