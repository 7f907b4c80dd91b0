"""The clinician's pages: ES modules, custom elements and CSS, served as they are."""
