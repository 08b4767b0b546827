"""An example of a plug-in: copy it, rename it, edit the three modules."""
