"""The mechanisms of the model, one module each: equations, sources, neutral setting, and the kernels."""
