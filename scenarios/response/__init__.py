"""Response criteria, one scheme a file: RECIST 1.1, iRECIST, RANO-HGG, RANO 2.0, mRANO."""
