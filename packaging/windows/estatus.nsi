; The installer for Windows: for one user, without an administrator.
;
;   Estatus-setup.exe [/S] [/NOSTART] [/NOLOGIN] [/D=folder]    /S: asks nothing; the folder comes last and without quotes
;   uninstall.exe     [/S] [/PURGE]                             /PURGE: the configuration and the history go, too
;
; An upgrade replaces files of programs that run: Windows lets such a file be renamed, not written to. So the old files are
; moved to a folder beside the new ones, and what runs is asked to start again (`estatus relaunch`). What Estatus keeps
; running does not notice.
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
${UnStrStr}

!define NAME "Estatus"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\${NAME}"
!define RUN "Software\Microsoft\Windows\CurrentVersion\Run"
!define APPROVED "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
!define SERVICE "SYSTEM\CurrentControlSet\Services\${NAME}"
; As in tray/windows/registration.rs, tray/links.rs and tray/windows/hidden_window.rs.
!define APP "org.estatus.desktop"
!define LINKS "estatus"
!define TRAY_WINDOW "EstatusTray"
; What runs gets so many milliseconds to end: the longest that programs take to be stopped is theirs to say.
!define ENDS_WITHIN 120000
!define LOOKS_AGAIN 200
; What has ended holds its file for so long at most.
!define FREED_WITHIN 20000

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

LangString start_now ${LANG_ENGLISH} "Start Estatus"
LangString start_now ${LANG_SPANISH} "Iniciar Estatus"
LangString program ${LANG_ENGLISH} "Estatus"
LangString program ${LANG_SPANISH} "Estatus"
LangString program_is ${LANG_ENGLISH} "The tray icon with its window, and the command line."
LangString program_is ${LANG_SPANISH} "El icono de la bandeja con su ventana, y la línea de órdenes."
LangString at_login ${LANG_ENGLISH} "Start at login"
LangString at_login ${LANG_SPANISH} "Iniciar con la sesión"
LangString at_login_is ${LANG_ENGLISH} "Starts Estatus, without a window, when you sign in. You can change it later in its menu."
LangString at_login_is ${LANG_SPANISH} "Inicia Estatus, sin ventana, cuando usted inicia sesión. Puede cambiarlo después en su menú."
LangString data ${LANG_ENGLISH} "Configuration and history"
LangString data ${LANG_SPANISH} "Configuración e historial"
LangString data_is ${LANG_ENGLISH} "Also deletes your estatus.toml, the history and the output of programs. This cannot be undone."
LangString data_is ${LANG_SPANISH} "Borra también su estatus.toml, el historial y la salida de los programas. No se puede deshacer."
LangString busy ${LANG_ENGLISH} "Setup is running already."
LangString busy ${LANG_SPANISH} "El instalador ya está en marcha."
LangString needs_64_bits ${LANG_ENGLISH} "Estatus needs a 64-bit Windows."
LangString needs_64_bits ${LANG_SPANISH} "Estatus necesita un Windows de 64 bits."
LangString old_service ${LANG_ENGLISH} "The Estatus service still runs in its previous version. To have it take the new one while your programs keep running, run this in a terminal as administrator:$\r$\n$\r$\nestatus relaunch --service"
LangString old_service ${LANG_SPANISH} "El servicio Estatus sigue en su versión anterior. Para que tome la nueva sin que sus programas se detengan, ejecute esto en un terminal como administrador:$\r$\n$\r$\nestatus relaunch --service"
LangString service_stays ${LANG_ENGLISH} "The Estatus service could not be removed, and without it these files cannot go. Run “estatus service uninstall” in a terminal as administrator, then uninstall again."
LangString service_stays ${LANG_SPANISH} "No se pudo quitar el servicio Estatus, y sin eso estos archivos no se pueden borrar. Ejecute «estatus service uninstall» en un terminal como administrador y desinstale de nuevo."
LangString still_runs ${LANG_ENGLISH} "Estatus is still running, perhaps as “estatus run” in a terminal. Stop it, then choose Retry."
LangString still_runs ${LANG_SPANISH} "Estatus sigue en marcha, quizá como «estatus run» en un terminal. Deténgalo y elija Reintentar."

Var upgrades

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
        Rename "$INSTDIR\${NAME}" "$INSTDIR\old\${NAME}"
        ${If} ${Errors}
            Abort "$INSTDIR\${NAME}"
        ${EndIf}
    ${EndIf}
!macroend

; Puts a file back where no new one could be put.
!macro PUT_BACK NAME
    ${If} ${FileExists} "$INSTDIR\old\${NAME}"
        Delete "$INSTDIR\${NAME}"
        Rename "$INSTDIR\old\${NAME}" "$INSTDIR\${NAME}"
    ${EndIf}
!macroend

Section "$(program)" section_program
    SectionIn RO
    SetOutPath "$INSTDIR"
    ; What an earlier upgrade could not delete. What still runs is not in the way: its folder takes another name.
    RMDir /r "$INSTDIR\old"
    ${If} ${FileExists} "$INSTDIR\old\*"
        System::Call 'kernel32::GetTickCount() i .r0'
        Rename "$INSTDIR\old" "$INSTDIR\old-$0"
    ${EndIf}
    CreateDirectory "$INSTDIR\old"
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
    nsExec::Exec '"$INSTDIR\estatus.exe" path add "$INSTDIR"'
    Pop $0
    SendMessage ${HWND_BROADCAST} ${WM_SETTINGCHANGE} 0 "STR:Environment" /TIMEOUT=2000

    ; It is asked by the program that speaks as it does.
    ${If} ${FileExists} "$INSTDIR\old\estatus.exe"
        nsExec::Exec '"$INSTDIR\old\estatus.exe" relaunch'
        Pop $0
        Call relaunch_service
    ${EndIf}
    Call delete_old
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

; The service that runs from this folder, too; only whoever may edit may ask for that.
Function relaunch_service
    ReadRegStr $0 HKLM "${SERVICE}" "ImagePath"
    ${StrStr} $1 $0 $INSTDIR
    ${If} $1 == ""
        Return
    ${EndIf}
    nsExec::Exec '"$INSTDIR\old\estatus.exe" relaunch --service'
    Pop $0
    ${If} $0 != 0
        MessageBox MB_OK|MB_ICONINFORMATION "$(old_service)" /SD IDOK
    ${EndIf}
FunctionEnd

; What has just ended may hold its file for a moment. What still runs keeps it until the next upgrade.
Function delete_old
    StrCpy $0 0
    ${Do}
        RMDir /r "$INSTDIR\old"
        ${IfNot} ${FileExists} "$INSTDIR\old\*"
            ${ExitDo}
        ${EndIf}
        Sleep ${LOOKS_AGAIN}
        IntOp $0 $0 + ${LOOKS_AGAIN}
    ${LoopUntil} $0 > ${FREED_WITHIN}
FunctionEnd

Function .onInstFailed
    !insertmacro PUT_BACK estatus.exe
    !insertmacro PUT_BACK estatus-tray.exe
    !insertmacro PUT_BACK estatus-window.exe
    !insertmacro PUT_BACK WebView2Loader.dll
    SetErrorLevel 2
FunctionEnd

Section "un.$(program)" section_un_program
    SectionIn RO
    Call un.remove_service
    Call un.end_trays
    ; First what cannot go while something of it runs.
    again:
    Call un.delete_programs
    ${If} ${Errors}
        MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(still_runs)" /SD IDCANCEL IDRETRY again
        SetErrorLevel 2
        Abort "$(still_runs)"
    ${EndIf}
    Delete "$INSTDIR\WebView2Loader.dll"
    Delete "$INSTDIR\uninstall.exe"
    RMDir /r "$INSTDIR\old"
    FindFirst $0 $1 "$INSTDIR\old-*"
    ${DoWhile} $1 != ""
        RMDir /r "$INSTDIR\$1"
        FindNext $0 $1
    ${Loop}
    FindClose $0
    ; In use by nobody, as no window is there.
    RMDir /r "$LOCALAPPDATA\${APP}"
    SetOutPath "$TEMP"
    RMDir "$INSTDIR"

    Delete "$SMPROGRAMS\${NAME}.lnk"
    DeleteRegValue HKCU "${RUN}" "${NAME}"
    DeleteRegValue HKCU "${APPROVED}" "${NAME}"
    DeleteRegKey HKCU "Software\Classes\AppUserModelId\${APP}"
    DeleteRegKey HKCU "Software\Classes\${LINKS}"
    Call un.delete_links
    DeleteRegKey HKCU "${UNINSTALL}"
    SendMessage ${HWND_BROADCAST} ${WM_SETTINGCHANGE} 0 "STR:Environment" /TIMEOUT=2000
SectionEnd

Section /o "un.$(data)" section_un_data
    RMDir /r "$APPDATA\${NAME}"
    RMDir /r "$LOCALAPPDATA\${NAME}"
SectionEnd

!insertmacro MUI_UNFUNCTION_DESCRIPTION_BEGIN
    !insertmacro MUI_DESCRIPTION_TEXT ${section_un_program} "$(program_is)"
    !insertmacro MUI_DESCRIPTION_TEXT ${section_un_data} "$(data_is)"
!insertmacro MUI_UNFUNCTION_DESCRIPTION_END

; The links of other data folders: each begins with ours and 16 digits.
Function un.delete_links
    StrCpy $0 0
    ${Do}
        EnumRegKey $1 HKCU "Software\Classes" $0
        ${If} $1 == ""
            ${ExitDo}
        ${EndIf}
        StrLen $2 $1
        StrCpy $3 $1 8
        ${If} $2 = 24
        ${AndIf} $3 == "${LINKS}-"
            DeleteRegKey HKCU "Software\Classes\$1"
        ${Else}
            IntOp $0 $0 + 1
        ${EndIf}
    ${Loop}
FunctionEnd

Function un.onInit
    !insertmacro ONE_AT_A_TIME
    ${GetParameters} $0
    ClearErrors
    ${GetOptions} $0 "/PURGE" $1
    ${IfNot} ${Errors}
        SectionGetFlags ${section_un_data} $0
        IntOp $0 $0 | 1
        SectionSetFlags ${section_un_data} $0
    ${EndIf}
FunctionEnd

; The service that runs from this folder; Windows asks for an administrator.
Function un.remove_service
    ReadRegStr $0 HKLM "${SERVICE}" "ImagePath"
    ${UnStrStr} $1 $0 $INSTDIR
    ${If} $1 == ""
        Return
    ${EndIf}
    ExecShellWait "runas" "$INSTDIR\estatus.exe" "service uninstall" SW_HIDE
    ReadRegStr $0 HKLM "${SERVICE}" "ImagePath"
    ${UnStrStr} $1 $0 $INSTDIR
    ${If} $1 != ""
        MessageBox MB_OK|MB_ICONSTOP "$(service_stays)" /SD IDOK
        SetErrorLevel 2
        Abort "$(service_stays)"
    ${EndIf}
FunctionEnd

; Every tray ends as if its person had chosen Quit: it stops programs as configured, and its window goes with it.
Function un.end_trays
    nsExec::Exec '"$INSTDIR\estatus.exe" path remove "$INSTDIR"'
    Pop $0
    StrCpy $1 0
    ${Do}
        FindWindow $0 "${TRAY_WINDOW}"
        ${If} $0 = 0
            ${ExitDo}
        ${EndIf}
        System::Call 'user32::PostMessageW(p r0, i ${WM_CLOSE}, p 0, p 0)'
        Sleep ${LOOKS_AGAIN}
        IntOp $1 $1 + ${LOOKS_AGAIN}
    ${LoopUntil} $1 > ${ENDS_WITHIN}
FunctionEnd

; A process ends a moment after its window. There are errors where one does not.
Function un.delete_programs
    StrCpy $0 0
    ${Do}
        ClearErrors
        Delete "$INSTDIR\estatus.exe"
        Delete "$INSTDIR\estatus-tray.exe"
        Delete "$INSTDIR\estatus-window.exe"
        ${IfNot} ${Errors}
            Return
        ${EndIf}
        Sleep ${LOOKS_AGAIN}
        IntOp $0 $0 + ${LOOKS_AGAIN}
    ${LoopUntil} $0 > ${FREED_WITHIN}
    SetErrors
FunctionEnd
