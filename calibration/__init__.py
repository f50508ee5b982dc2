"""How well? Virtual patients, observation models, the search for a patient's own parameters, posterior and hold-out."""
