//! View models to HTML and SVG.
