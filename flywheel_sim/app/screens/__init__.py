"""How the app looks: one module a screen, and what they share.  The only modules that import NiceGUI."""
