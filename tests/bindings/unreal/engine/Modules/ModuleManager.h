#pragma once

class FDefaultModuleImpl
{
};
#define IMPLEMENT_MODULE(Class, Name)        \
    extern "C" const char* Module##Name();   \
    extern "C" const char* Module##Name() { return #Name; }
