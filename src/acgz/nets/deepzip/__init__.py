"""The recurrent networks after DeepZip: what they look like, and their exact inference."""
