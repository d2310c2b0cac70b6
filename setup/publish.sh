# shellcheck shell=bash
# kit publish: a folder that runs the command line where there is no .NET, only a PyTorch and a C++ compiler.

publish() { # --out DIR
  [ $# -eq 2 ] && [ "$1" = --out ] || stop 2 "publish takes a folder: ./kit publish --out DIR."
  local out=$2 made=$ART/publish
  [ ! -e "$out" ] || [ -f "$out/kit-cli/kit-cli" ] || [ -z "$(ls -A "$out")" ] ||
    stop 2 "$out is not empty and no published kit: name a new folder."
  step "publish" dotnet publish "$KIT_ROOT/src/NotebookKit.Cli" -c Release -r linux-x64 --self-contained \
    --artifacts-path "$made" -v quiet -nologo -nodeReuse:false -p:UseSharedCompilation="${UseSharedCompilation:-false}" -p:NuGetAudit=false \
    -p:Publishing=true -p:PublishTrimmed=true
  mkdir -p "$out/native" "$out/artifacts/vocabulary"
  rm -rf "$out/kit-cli"
  cp -r "$made/publish/NotebookKit.Cli/release_linux-x64" "$out/kit-cli"
  rm -f "$out"/kit-cli/*.pdb "$out"/kit-cli/*.xml
  cp "$KIT_ROOT"/src/NotebookKit.Torch/native/* "$KIT_ROOT/setup/pytorch.py" "$out/native/"
  cp "$VOCABULARY" "$out/artifacts/vocabulary/"
  install -m 755 "$KIT_ROOT/setup/published-kit" "$out/kit"
  echo "$out: $(du -sm "$out" | cut -f 1) MB; copy it to the other machine and call ./kit there (python3 must find its PyTorch)"
}
