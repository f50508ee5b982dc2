"""Several growth models on one patient: how well each predicts data it has not seen, and the average of their forecasts."""
