/* Wine's shell does not say where an icon in its taskbar is, and whoever asks for that ignores every click on it. A program
   that loads this instead of shell32.dll, which has the rest, is told that the icon is where the mouse is. */

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
