"""Makes the textual-inversion and LoRA files of this folder with PyTorch 1.13.1, each as one tool writes it."""
import collections
import torch

class Evil:
    def __reduce__(self):
        import os
        return os.system, ("exit 1",)

vectors = torch.arange(32, dtype=torch.float32).reshape(2, 16) / 8
web_ui = {"string_to_token": {"*": 265}, "string_to_param": {"*": vectors}, "name": "moxin", "step": 500, "sd_checkpoint": None, "sd_checkpoint_name": None}
torch.save(web_ui, "moxin.pt")
# The first textual-inversion code kept a whole module in its file.
torch.save({**web_ui, "string_to_param": torch.nn.ParameterDict({"*": torch.nn.Parameter(vectors)})}, "module.pt")
torch.save({"<zwx>": vectors[0].half()}, "learned_embeds.bin")
torch.save({**web_ui, "name": Evil()}, "evil.pt")
# cloneofsimo's list: up and down of one layer after the other; here q, k, v and out of two text layers 16 wide, in the
# order in which transformers registers them (k, v, q, out). Each up holds its number.
pairs = []
for i in range(8):
    pairs += [torch.full((16, 2), float(i + 1)), torch.ones(2, 16) / 4]
torch.save(pairs, "text_list.pt")
torch.save(pairs, "text_list_legacy.pt", _use_new_zipfile_serialization=False)
