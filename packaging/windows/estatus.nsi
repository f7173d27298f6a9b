; The installer for Windows: for one user, without an administrator.
;
;   Estatus-setup.exe [/S] [/NOSTART] [/NOLOGIN] [/D=folder]    /S: asks nothing; the folder comes last and without quotes
;   uninstall.exe     [/S] [/PURGE]                             /PURGE: the configuration and the history go, too
;
; Exit codes: 0 it is done; 1 it cannot be done here or now; 2 it was given up, and what there was is there and goes on, or
; folders that were to be deleted could not all be. uninstall.exe tells its own only where it runs in place (`_?=folder`, as the last).
;
; An upgrade replaces files of programs that run: Windows lets such a file be renamed, not written to. So the old files are
; moved to a folder beside the new ones, and what runs is asked to start again (`estatus relaunch`). What Estatus keeps
; running does not notice.
;
; The service runs a copy of its own, so it goes on as it is until it is upgraded (`estatus service upgrade`), which takes an
; administrator. With /S setup asks for none: the service is upgraded where setup itself runs elevated. Else it stays in its
; previous version, and setup ends with 0 all the same, for what it was asked to install is installed.
;
; Programs that Estatus leaves running when it quits run on when it is uninstalled, too, and one that is installed again finds
; them. Where the data go, nobody would: then they are stopped, those of the service by `estatus service uninstall --purge`.
;
; `cargo xtask bundle` defines VERSION (1.2.3), PROGRAMS (the folder of the built programs), ICON, LOADER (WebView2Loader.dll)
; and OUT; and UNPACKED where tests want it quickly.

Unicode true
Target amd64-unicode
ManifestDPIAware true
ManifestSupportedOS Win10
RequestExecutionLevel user
!ifdef UNPACKED
    SetCompress off
!else
    SetCompressor /SOLID lzma
!endif

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include StrFunc.nsh
!include WinMessages.nsh
!include x64.nsh
${StrStr}

!define NAME "Estatus"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\${NAME}"
!define RUN "Software\Microsoft\Windows\CurrentVersion\Run"
!define APPROVED "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
!define SERVICE "SYSTEM\CurrentControlSet\Services\${NAME}"
; As in tray/windows/registration.rs, tray/links.rs and tray/windows/hidden_window.rs.
!define APP "org.estatus.desktop"
!define LINKS "estatus"
!define TRAY_WINDOW "EstatusTray"
; What the console program says where no engine runs (api/client.rs).
!define NO_ENGINE "no engine runs"
; The files of ours that an upgrade has put away are in folders of this name with a number; nobody else has any such.
!define OLD ".estatus-old"
; What runs gets so many milliseconds to end: the longest that programs take to be stopped is theirs to say.
!define ENDS_WITHIN 120000
!define LOOKS_AGAIN 200
; What has ended holds its file for so long at most.
!define FREED_WITHIN 20000
; So long may take what is asked of the console program: `path`, `relaunch`, which gives up after a minute itself, and
; `service upgrade`, which waits for a service.
!define PATH_WITHIN 20000
!define RELAUNCHED_WITHIN 120000
!define UPGRADED_WITHIN 300000

Name "${NAME}"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\${NAME}"
InstallDirRegKey HKCU "${UNINSTALL}" "InstallLocation"
BrandingText "${NAME} ${VERSION}"
ShowInstDetails nevershow
ShowUninstDetails nevershow

VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "${NAME}"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "${NAME} Setup"
VIAddVersionKey "CompanyName" "${NAME}"
VIAddVersionKey "LegalCopyright" "MIT or Apache-2.0"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!define MUI_FINISHPAGE_RUN "$INSTDIR\estatus-tray.exe"
!define MUI_FINISHPAGE_RUN_TEXT "$(start_now)"
!define MUI_PAGE_CUSTOMFUNCTION_PRE skip_where_it_is_there
!insertmacro MUI_PAGE_DIRECTORY
!define MUI_PAGE_CUSTOMFUNCTION_PRE skip_where_it_is_there
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_INSTFILES
!define MUI_PAGE_CUSTOMFUNCTION_PRE skip_where_it_runs
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_COMPONENTS
!insertmacro MUI_UNPAGE_INSTFILES

!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "Spanish"

!include texts.nsh

Var upgrades
; The folder of the files that this upgrade puts away.
Var old
; Whether a tray was ended that is to be started again.
Var ended_tray

; Once a file of ours is there, all that can be chosen was.
Function skip_where_it_is_there
    ${If} $upgrades = 1
        Abort
    ${EndIf}
FunctionEnd

Function skip_where_it_runs
    FindWindow $0 "${TRAY_WINDOW}"
    ${If} $0 <> 0
        Abort
    ${EndIf}
FunctionEnd

!macro ONE_AT_A_TIME
    System::Call 'kernel32::CreateMutexW(p 0, i 0, w "EstatusSetup") p .r0 ?e'
    Pop $1
    ${If} $1 = 183 ; ERROR_ALREADY_EXISTS
        MessageBox MB_OK|MB_ICONEXCLAMATION "$(busy)" /SD IDOK
        SetErrorLevel 1
        Quit
    ${EndIf}
!macroend

Function .onInit
    ${IfNot} ${RunningX64}
        MessageBox MB_OK|MB_ICONSTOP "$(needs_64_bits)" /SD IDOK
        SetErrorLevel 1
        Quit
    ${EndIf}
    !insertmacro ONE_AT_A_TIME
    StrCpy $upgrades 0
    ${If} ${FileExists} "$INSTDIR\estatus.exe"
        StrCpy $upgrades 1
    ${EndIf}
    Call choose_login
FunctionEnd

; Takes a file out of the way of the new one.
!macro MOVE_ASIDE NAME
    ${If} ${FileExists} "$INSTDIR\${NAME}"
        ClearErrors
        Rename "$INSTDIR\${NAME}" "$old\${NAME}"
        ${If} ${Errors}
            Abort "$INSTDIR\${NAME}"
        ${EndIf}
    ${EndIf}
!macroend

; Puts a file back where no new one could be put.
!macro PUT_BACK NAME
    ${If} ${FileExists} "$old\${NAME}"
        Delete "$INSTDIR\${NAME}"
        Rename "$old\${NAME}" "$INSTDIR\${NAME}"
    ${EndIf}
!macroend

; Deletes what upgrades have put away, file by file. There are errors where something of it still runs.
!macro DELETE_OLD UN
    Function ${UN}delete_old
        StrCpy $3 0
        FindFirst $1 $2 "$INSTDIR\${OLD}-*"
        ${DoWhile} $2 != ""
            ClearErrors
            Delete "$INSTDIR\$2\estatus.exe"
            Delete "$INSTDIR\$2\estatus-tray.exe"
            Delete "$INSTDIR\$2\estatus-window.exe"
            Delete "$INSTDIR\$2\WebView2Loader.dll"
            ${If} ${Errors}
                StrCpy $3 1
            ${EndIf}
            RMDir "$INSTDIR\$2"
            FindNext $1 $2
        ${Loop}
        FindClose $1
        ClearErrors
        ${If} $3 = 1
            SetErrors
        ${EndIf}
    FunctionEnd
!macroend
!insertmacro DELETE_OLD ""
!insertmacro DELETE_OLD "un."

; Every tray ends, or the one whose window has this title, as if its person had chosen Quit: it stops programs as configured,
; and its window goes with it.
!macro END_TRAYS TITLE
    StrCpy $1 0
    ${Do}
        FindWindow $0 "${TRAY_WINDOW}" "${TITLE}"
        ${If} $0 = 0
            ${ExitDo}
        ${EndIf}
        StrCpy $ended_tray 1
        System::Call 'user32::PostMessageW(p r0, i ${WM_CLOSE}, p 0, p 0)'
        Sleep ${LOOKS_AGAIN}
        IntOp $1 $1 + ${LOOKS_AGAIN}
    ${LoopUntil} $1 > ${ENDS_WITHIN}
!macroend

; Runs the console program with the arguments $1 and the rights of an administrator, for which Windows asks. Its exit code is in
; $0, or nothing where it was not run.
!macro AS_ADMINISTRATOR UN
    Function ${UN}as_administrator
        ; A SHELLEXECUTEINFOW with SEE_MASK_NOCLOSEPROCESS and SEE_MASK_NOASYNC. What is shorter than a pointer stands in the
        ; place of one.
        System::Call '*(i 112, i 0x140, p $HWNDPARENT, w "runas", w "$INSTDIR\estatus.exe", w r1, p 0, p ${SW_HIDE}, p 0, p 0, p 0, p 0, p 0, p 0, p 0) p .r2'
        System::Call 'shell32::ShellExecuteExW(p r2) i .r3'
        StrCpy $0 ""
        ${If} $3 <> 0
            System::Call '*$2(i, i, p, p, p, p, p, p, p, p, p, p, p, p, p .r3)'
            System::Call 'kernel32::WaitForSingleObject(p r3, i -1)'
            System::Call 'kernel32::GetExitCodeProcess(p r3, *i .r0)'
            System::Call 'kernel32::CloseHandle(p r3)'
        ${EndIf}
        System::Free $2
    FunctionEnd
!macroend
!insertmacro AS_ADMINISTRATOR ""
!insertmacro AS_ADMINISTRATOR "un."

Section "$(program)" section_program
    SectionIn RO
    SetOutPath "$INSTDIR"
    ; What earlier upgrades could not delete.
    Call delete_old
    Call name_old
    CreateDirectory "$old"
    !insertmacro MOVE_ASIDE estatus.exe
    !insertmacro MOVE_ASIDE estatus-tray.exe
    !insertmacro MOVE_ASIDE estatus-window.exe
    !insertmacro MOVE_ASIDE WebView2Loader.dll
    File "${PROGRAMS}\estatus.exe"
    File "${PROGRAMS}\estatus-tray.exe"
    File "${PROGRAMS}\estatus-window.exe"
    File "${LOADER}"

    WriteUninstaller "$INSTDIR\uninstall.exe"
    CreateShortcut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\estatus-tray.exe"
    WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "${NAME}"
    WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
    WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\estatus-tray.exe"
    WriteRegStr HKCU "${UNINSTALL}" "Publisher" "${NAME}"
    WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
    WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
    WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
    WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
    WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
    ${GetSize} "$INSTDIR" "/M=*.* /S=0K /G=0" $0 $1 $2
    WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" $0
    nsExec::Exec /TIMEOUT=${PATH_WITHIN} '"$INSTDIR\estatus.exe" path add "$INSTDIR"'
    Pop $0
    SendMessage ${HWND_BROADCAST} ${WM_SETTINGCHANGE} 0 "STR:Environment" /TIMEOUT=2000

    ${If} ${FileExists} "$old\estatus.exe"
        Call relaunch
        Call upgrade_service
    ${EndIf}
    Call delete_old_in_time
    ; The one before has let go of its file by now, so it is not taken for one that runs already.
    ${If} $ended_tray = 1
        Exec '"$INSTDIR\estatus-tray.exe" --hidden'
    ${EndIf}
SectionEnd

Section "$(at_login)" section_login
    ; As the tray itself does it (tray/login/windows.rs).
    DeleteRegValue HKCU "${APPROVED}" "${NAME}"
    WriteRegStr HKCU "${RUN}" "${NAME}" '"$INSTDIR\estatus-tray.exe" --hidden'
SectionEnd

Section "-start"
    ; Without anybody who could choose it on the last page.
    ${If} ${Silent}
        ${GetParameters} $0
        ClearErrors
        ${GetOptions} $0 "/NOSTART" $1
        ${If} ${Errors}
        ${AndIf} $upgrades = 0
            Exec '"$INSTDIR\estatus-tray.exe" --hidden'
        ${EndIf}
    ${EndIf}
SectionEnd

!insertmacro MUI_FUNCTION_DESCRIPTION_BEGIN
    !insertmacro MUI_DESCRIPTION_TEXT ${section_program} "$(program_is)"
    !insertmacro MUI_DESCRIPTION_TEXT ${section_login} "$(at_login_is)"
!insertmacro MUI_FUNCTION_DESCRIPTION_END

; An upgrade leaves the start at login as the person has it; else it is on unless somebody says otherwise.
Function choose_login
    ${GetParameters} $0
    ClearErrors
    ${GetOptions} $0 "/NOLOGIN" $1
    ${IfNot} ${Errors}
    ${OrIf} $upgrades = 1
        SectionGetFlags ${section_login} $0
        IntOp $0 $0 & 0xFFFFFFFE
        SectionSetFlags ${section_login} $0
    ${EndIf}
FunctionEnd

; A folder that is not there yet: what earlier upgrades have put away may still run.
Function name_old
    StrCpy $0 0
    ${Do}
        IntOp $0 $0 + 1
        StrCpy $old "$INSTDIR\${OLD}-$0"
    ${LoopWhile} ${FileExists} "$old\*"
FunctionEnd

; Has this user's engine, and whoever hosts it, start again; it is asked by the program that speaks as it does. A tray that has no
; engine, or the service's, hears nothing of that, and stops nothing when it is ended.
Function relaunch
    nsExec::ExecToStack /TIMEOUT=${RELAUNCHED_WITHIN} '"$old\estatus.exe" --data "$LOCALAPPDATA\${NAME}" relaunch'
    Pop $0
    Pop $1
    ${StrStr} $2 $1 "${NO_ENGINE}"
    ${If} $2 != ""
        !insertmacro END_TRAYS "$LOCALAPPDATA\${NAME}"
    ${EndIf}
FunctionEnd

; The service that was installed from this folder, too.
Function upgrade_service
    ReadRegStr $0 HKLM "${SERVICE}\Parameters" "InstalledFrom"
    ${If} $0 != $INSTDIR
        Return
    ${EndIf}
    ${If} ${Silent}
        nsExec::Exec /TIMEOUT=${UPGRADED_WITHIN} '"$INSTDIR\estatus.exe" service upgrade'
        Pop $0
        Return
    ${EndIf}
    ClearErrors
    GetDLLVersion "$INSTDIR\estatus.exe" $0 $1
    GetDLLVersion "$PROGRAMFILES64\${NAME}\estatus.exe" $2 $3
    ${IfNot} ${Errors}
    ${AndIf} "$0.$1" == "$2.$3"
        Return
    ${EndIf}
    StrCpy $0 ""
    ${If} ${Cmd} `MessageBox MB_YESNO|MB_ICONQUESTION "$(upgrade_service)" IDYES`
        StrCpy $1 "service upgrade"
        Call as_administrator
    ${EndIf}
    ${If} $0 != "0"
        MessageBox MB_OK|MB_ICONINFORMATION "$(old_service)"
    ${EndIf}
FunctionEnd

; What has just ended may hold its file for a moment. What still runs keeps it until the next upgrade.
Function delete_old_in_time
    StrCpy $0 0
    ${Do}
        Call delete_old
        ${IfNot} ${FileExists} "$old\*"
            ${ExitDo}
        ${EndIf}
        Sleep ${LOOKS_AGAIN}
        IntOp $0 $0 + ${LOOKS_AGAIN}
    ${LoopUntil} $0 > ${FREED_WITHIN}
FunctionEnd

Function .onInstFailed
    ${If} $old != ""
        !insertmacro PUT_BACK estatus.exe
        !insertmacro PUT_BACK estatus-tray.exe
        !insertmacro PUT_BACK estatus-window.exe
        !insertmacro PUT_BACK WebView2Loader.dll
        RMDir "$old"
    ${EndIf}
    SetErrorLevel 2
FunctionEnd

!include uninstaller.nsh
