//! The configuration language: HCL and its JSON form, to a typed recipe.
