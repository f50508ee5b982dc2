"""Shapes and measurements on a grid."""
