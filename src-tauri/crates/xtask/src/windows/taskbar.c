/* Wine's shell does not say where an icon in its taskbar is, and whoever asks for that ignores every click on it. A program
   that loads this instead of shell32.dll, which has the rest, is told that the icon is where the mouse is. And that there is no
   taskbar as long as somebody has an event of this name. */
#define NO_TASKBAR L"estatus-no-taskbar"

#define _SHELL32_ /* It is ours to export. */
#include <windows.h>
#include <shellapi.h>

HRESULT WINAPI Shell_NotifyIconGetRect(const NOTIFYICONIDENTIFIER *icon, RECT *place)
{
    POINT mouse;
    (void)icon;
    if (!GetCursorPos(&mouse))
        return E_FAIL;
    SetRect(place, mouse.x, mouse.y, mouse.x + 1, mouse.y + 1);
    return S_OK;
}

BOOL WINAPI Shell_NotifyIconW(DWORD order, NOTIFYICONDATAW *icon)
{
    typedef BOOL(WINAPI * Function)(DWORD, NOTIFYICONDATAW *);
    Function shell = (Function)(void *)GetProcAddress(LoadLibraryW(L"shell32.dll"), "Shell_NotifyIconW");
    HANDLE none = OpenEventW(SYNCHRONIZE, FALSE, NO_TASKBAR);
    if (!none)
        return shell && shell(order, icon);
    CloseHandle(none);
    return FALSE;
}
