"""The method of the GrainPaint paper as published, beside our own.

References
----------
Hoffman, Diniz, Liu, Rodgers, Tran, Fuge, "GrainPaint", Acta Materialia 288 (2025).
"""
