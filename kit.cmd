@echo off
rem kit: finds the .NET SDK, builds what has changed, and hands over to the command line. The twin of the script kit.
setlocal
where dotnet >nul 2>nul || (echo kit: the .NET SDK 10 is missing: install it from dotnet.microsoft.com/download, and run this again. 1>&2& exit /b 2)
if not defined KIT_TORCH set KIT_TORCH=cpu
set WHAT=src\NotebookKit.Cli
if "%~1"=="test" set WHAT=Kit.sln
set DOTNET_NOLOGO=1
set DOTNET_CLI_TELEMETRY_OPTOUT=1
dotnet build "%~dp0%WHAT%" -c Release -v quiet -nologo -p:KitTorch=%KIT_TORCH% -p:NuGetAudit=false 1>&2 || exit /b 1
dotnet "%~dp0artifacts\bin\NotebookKit.Cli\release\kit-cli.dll" %*
