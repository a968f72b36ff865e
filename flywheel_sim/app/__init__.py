"""The web app: what is shown and how it is worked out, in plain modules; how it looks, in `screens` (NiceGUI)."""
