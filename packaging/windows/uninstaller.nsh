; What uninstall.exe does, which estatus.nsi puts in place.

; Whether the configuration and the history go, too; and which folders could not be deleted.
Var purges
Var stays

; There are errors where this program runs: nobody may write to it then.
!macro MUST_NOT_RUN PROGRAM
    ${If} ${FileExists} "${PROGRAM}"
        FileOpen $4 "${PROGRAM}" a
        ${If} $4 != ""
            FileClose $4
        ${EndIf}
    ${EndIf}
!macroend

; Gives up while all programs are there. A tray that was there goes on, but for one of another data folder (`--data`).
!macro GIVE_UP WHY
    Call un.start_tray_again
    SetErrorLevel 2
    Abort "${WHY}"
!macroend

Section "un.$(program)" section_un_program
    SectionIn RO
    Call un.hear_choice
    again:
    ; Before the service gives back a configuration, too, for which they would host an engine.
    !insertmacro END_TRAYS ""
    Call un.await_end
    ${If} ${Errors}
        MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(still_runs)" /SD IDCANCEL IDRETRY again
        !insertmacro GIVE_UP "$(still_runs)"
    ${EndIf}
    ${If} $purges = 1
        nsExec::Exec /TIMEOUT=${ENDS_WITHIN} '"$INSTDIR\estatus.exe" --data "$LOCALAPPDATA\${NAME}" stop-left'
        Pop $5
        Call un.delete_shims
        ${If} ${Errors}
        ${OrIf} $5 != "0"
            MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(programs_run)" /SD IDCANCEL IDRETRY again
            !insertmacro GIVE_UP "$(programs_run)"
        ${EndIf}
    ${EndIf}
    ; What cannot be undone, once nothing else can be in the way.
    Call un.remove_service
    ${If} ${Errors}
        MessageBox MB_OK|MB_ICONSTOP "$(service_stays)" /SD IDOK
        !insertmacro GIVE_UP "$(service_stays)"
    ${EndIf}
    nsExec::Exec /TIMEOUT=${PATH_WITHIN} '"$INSTDIR\estatus.exe" path remove "$INSTDIR"'
    Pop $0
    ; What was asked of it has just ended.
    Call un.await_end
    Delete "$INSTDIR\estatus.exe"
    Delete "$INSTDIR\estatus-tray.exe"
    Delete "$INSTDIR\estatus-window.exe"
    Delete "$INSTDIR\WebView2Loader.dll"
    Delete "$INSTDIR\uninstall.exe"
    StrCpy $2 "$LOCALAPPDATA\${APP}"
    Call un.delete_folder
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
    ${If} $purges <> 1
        Call un.tell_what_stays
    ${EndIf}
SectionEnd

Section /o "un.$(data)" section_un_data
    StrCpy $2 "$APPDATA\${NAME}"
    Call un.delete_folder
    StrCpy $2 "$LOCALAPPDATA\${NAME}"
    Call un.delete_folder
    Call un.tell_what_stays
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

Function un.tell_what_stays
    ${If} $stays != ""
        MessageBox MB_OK|MB_ICONEXCLAMATION "$(these_stay)$stays" /SD IDOK
        SetErrorLevel 2
    ${EndIf}
FunctionEnd

Function un.hear_choice
    ${If} ${SectionIsSelected} ${section_un_data}
        StrCpy $purges 1
    ${EndIf}
FunctionEnd

; The service that was installed from this folder; Windows asks for an administrator, who may have other folders than this user.
; There are errors where it stays.
Function un.remove_service
    ReadRegStr $0 HKLM "${SERVICE}\Parameters" "InstalledFrom"
    ClearErrors
    ${If} $0 != $INSTDIR
        Return
    ${EndIf}
    StrCpy $1 'service uninstall --user-config "$APPDATA\${NAME}\estatus.toml" --user-data "$LOCALAPPDATA\${NAME}"'
    ${If} $purges = 1
        StrCpy $1 "$1 --purge"
    ${EndIf}
    Call un.as_administrator
    ; One that is removed may stand there until the last who looks at it has closed.
    ReadRegStr $1 HKLM "${SERVICE}" "ImagePath"
    ClearErrors
    ${If} $0 == "0"
        Return
    ${ElseIf} $1 != ""
        SetErrors
        Return
    ${EndIf}
    ${If} ${FileExists} "$PROGRAMFILES64\${NAME}\*"
        StrCpy $stays "$stays$\r$\n$PROGRAMFILES64\${NAME}"
    ${EndIf}
    ReadEnvStr $1 "ProgramData"
    ${If} $purges = 1
    ${AndIf} ${FileExists} "$1\${NAME}\*"
        StrCpy $stays "$stays$\r$\n$1\${NAME}"
    ${EndIf}
    ClearErrors
FunctionEnd

; The executables of shims are in the data folder, and whatever still runs there keeps its own. There are errors where one does.
Function un.delete_shims
    StrCpy $0 0
    ${Do}
        ClearErrors
        Delete "$LOCALAPPDATA\${NAME}\shims\*.exe"
        ${IfNot} ${Errors}
            Return
        ${EndIf}
        Sleep ${LOOKS_AGAIN}
        IntOp $0 $0 + ${LOOKS_AGAIN}
    ${LoopUntil} $0 > ${FREED_WITHIN}
    SetErrors
FunctionEnd

; A process ends a moment after its window. There are errors where one does not, be it of before an upgrade.
Function un.await_end
    StrCpy $0 0
    ${Do}
        Call un.delete_old
        !insertmacro MUST_NOT_RUN "$INSTDIR\estatus.exe"
        !insertmacro MUST_NOT_RUN "$INSTDIR\estatus-tray.exe"
        !insertmacro MUST_NOT_RUN "$INSTDIR\estatus-window.exe"
        ${IfNot} ${Errors}
            Return
        ${EndIf}
        Sleep ${LOOKS_AGAIN}
        IntOp $0 $0 + ${LOOKS_AGAIN}
    ${LoopUntil} $0 > ${FREED_WITHIN}
    SetErrors
FunctionEnd

; Once the one that was ended is no longer taken for one that runs.
Function un.start_tray_again
    ${If} $ended_tray <> 1
        Return
    ${EndIf}
    StrCpy $0 0
    ${Do}
        ClearErrors
        !insertmacro MUST_NOT_RUN "$INSTDIR\estatus-tray.exe"
        ${IfNot} ${Errors}
            ${ExitDo}
        ${EndIf}
        Sleep ${LOOKS_AGAIN}
        IntOp $0 $0 + ${LOOKS_AGAIN}
    ${LoopUntil} $0 > ${FREED_WITHIN}
    Exec '"$INSTDIR\estatus-tray.exe" --hidden'
FunctionEnd

; Deletes the folder $2, of which what has just ended may hold something for a moment. One that stays is among those that stay.
Function un.delete_folder
    StrCpy $0 0
    ${Do}
        RMDir /r "$2"
        ${IfNot} ${FileExists} "$2\*"
            Return
        ${EndIf}
        Sleep ${LOOKS_AGAIN}
        IntOp $0 $0 + ${LOOKS_AGAIN}
    ${LoopUntil} $0 > ${FREED_WITHIN}
    StrCpy $stays "$stays$\r$\n$2"
FunctionEnd
