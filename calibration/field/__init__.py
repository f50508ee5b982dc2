"""A growth rate that differs from place to place: rate(x) = rate + spread sum_k c_k phi_k(x), with c ~ N(0, 1)."""
