"""A window of somebody else's in the upper left corner of the screen: whoever drags it drags a file.

Says "shown" once it can be dragged, and "ended" after each drag.
"""

import sys

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GLib, Gtk


def say(word):
    print(word, flush=True)


file = GLib.filename_to_uri(sys.argv[1])
box = Gtk.EventBox()
box.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
box.drag_source_add_uri_targets()
box.connect("drag-data-get", lambda _box, _drag, data, _kind, _time: data.set_uris([file]))
box.connect("drag-end", lambda _box, _drag: say("ended"))
# No window manager moves it or lays it behind others.
window = Gtk.Window(type=Gtk.WindowType.POPUP)
window.set_default_size(64, 64)
window.move(0, 0)
window.add(box)
window.connect("map-event", lambda _window, _event: say("shown"))
window.show_all()
Gtk.main()
