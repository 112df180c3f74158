// Written by the header tool.
#pragma once
